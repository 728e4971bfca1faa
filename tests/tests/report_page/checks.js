// What holds for a page that anybody can read, looked at in the page itself as the browser shows it. The value is a list of
// complaints; everything is unfolded first, for what is folded must be readable too.
(() => {
  const complaints = [];
  const complain = (what, element) =>
    complaints.push(`${what}: <${element.localName} class="${element.getAttribute('class') ?? ''}"> ${element.textContent.slice(0, 60)}`);
  document.querySelectorAll('details').forEach((details) => { details.open = true; });

  // Colours, each over what lies behind it.
  const parse = (text) => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const over = (top, bottom) => top.rgb.map((part, at) => part * top.alpha + bottom[at] * (1 - top.alpha));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.alpha === 1 ? own.rgb : over(own, behind(element.parentElement));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('.unseen, title, desc, style') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const drawn = element.closest('svg');
    const box = drawn && (element.parentElement.querySelector(':scope > rect') ?? drawn.querySelector('rect'));
    const ground = box ? parse(getComputedStyle(box).fill).rgb : behind(element);
    const ink = over(parse(drawn ? style.fill : style.color), ground);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = contrast(ink, ground);
    texts += 1;
    if (found < (large ? 3 : 4.5)) complain(`contrast ${found.toFixed(2)}`, element);
  }
  if (texts < 50) complaints.push(`only ${texts} texts were looked at`);

  // Headings, landmarks, names.
  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')];
  levels.forEach((heading, at) => {
    const step = Number(heading.localName[1]) - (at ? Number(levels[at - 1].localName[1]) : 0);
    if (step > 1) complain('a level of headings is left out', heading);
  });
  if (document.querySelectorAll('h1').length !== 1) complaints.push('not one h1');
  if (!document.documentElement.lang) complaints.push('no language');
  if (!document.title) complaints.push('no title');
  for (const landmark of ['body > header', 'body > main', 'body > footer']) {
    if (document.querySelectorAll(landmark).length !== 1) complaints.push(`not one ${landmark}`);
  }
  const first = document.querySelector('a, button, summary, [tabindex]');
  if (!document.querySelector(`main${first?.getAttribute('href') ?? ''}`)) complaints.push('the first link does not lead to the content');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  if (new Set(ids).size !== ids.length) complaints.push('an id is given twice');
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby], a[href^="#"]')) {
    const names = [element.getAttribute('aria-labelledby'), element.getAttribute('aria-describedby'), element.getAttribute('href')?.slice(1)];
    for (const name of names.filter(Boolean)) {
      if (!document.getElementById(name)?.textContent.trim()) complain(`nothing is called ${name}`, element);
    }
  }
  for (const element of document.querySelectorAll('a, summary, th, nav, svg[role=img], section')) {
    const named = element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') || element.textContent.trim();
    if (!named) complain('without a name', element);
  }
  for (const element of document.querySelectorAll('svg:not([role=img])')) {
    if (element.getAttribute('aria-hidden') !== 'true') complain('a picture that is neither told nor hidden', element);
  }
  for (const sign of document.querySelectorAll('.sign')) {
    if (!sign.parentElement.textContent.trim()) complain('a sign without a word', sign);
  }

  // The keyboard reaches what scrolls, and a finger what can be pressed.
  for (const element of document.querySelectorAll('body *')) {
    const style = getComputedStyle(element);
    const wider = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    if (wider && ['auto', 'scroll'].includes(style.overflowX) && element.tabIndex < 0) complain('scrolls without the keyboard', element);
    if (wider && ['hidden', 'clip'].includes(style.overflowX) && !element.matches('.unseen, svg')) complain('is cut off', element);
  }
  for (const element of document.querySelectorAll('.chips a, summary')) {
    if (element.getBoundingClientRect().height < 24) complain('too small to be pressed', element);
  }
  if (document.documentElement.scrollWidth > innerWidth) complaints.push(`the page is ${document.documentElement.scrollWidth} wide, and the window ${innerWidth}`);

  // Nothing can be loaded or run.
  for (const element of document.querySelectorAll('script, link, iframe, object, embed, img, form, base, audio, video, [src], [srcset]')) complain('could load or run', element);
  for (const element of document.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on') || (name === 'href' && !value.startsWith('#'))) complain(`has ${name}`, element);
    }
  }
  return complaints;
})()
