//! The documentation holds together: every page is in the book, and every link leads somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use walkdir::WalkDir;
use xtask::workspace;

const SUMMARY: &str = "docs/SUMMARY.md";

/// Where links go, and what the headings of a page are called in an address.
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

fn page(text: &str) -> Page {
    let mut page = Page { links: Vec::new(), anchors: BTreeSet::new() };
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. })
                if link_type != LinkType::Autolink =>
            {
                page.links.push(dest_url.into_string());
            }
            Event::Start(Tag::Image { dest_url, .. }) => page.links.push(dest_url.into_string()),
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                // A second one of the same name gets a number.
                let numbered = (1..).map(|number| format!("{anchor}-{number}"));
                let mut names = std::iter::once(anchor.clone()).chain(numbered);
                names.find(|name| page.anchors.insert(name.clone()));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    page
}

/// As mdBook and GitHub name a heading in an address.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || letter == '-' || letter == '_' => {
                Some(letter.to_ascii_lowercase())
            }
            _ => None,
        })
        .collect()
}

fn read(path: &Path) -> Result<Page> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(page(&text))
}

/// The pages of the book, from the top folder.
fn pages() -> Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in WalkDir::new(workspace::root().join("docs")).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(pages)
}

#[test]
fn every_page_is_in_the_book_once() -> Result<()> {
    let root = workspace::root();
    let mut listed = read(&root.join(SUMMARY))?.links;
    let count = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), count, "a page is in {SUMMARY} twice");
    let docs = root.join("docs");
    let mut there = Vec::new();
    for path in pages()? {
        if path != root.join(SUMMARY) {
            there.push(path.strip_prefix(&docs)?.display().to_string());
        }
    }
    there.sort();
    assert_eq!(listed, there, "what {SUMMARY} lists, and what is in docs/");
    Ok(())
}

#[test]
fn every_link_leads_somewhere() -> Result<()> {
    let root = workspace::root();
    let docs = root.join("docs");
    let outside = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name));
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for path in pages()?.into_iter().chain(outside) {
        for link in read(&path)?.links {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            looked_at += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let folder = path.parent().context("no folder")?;
            let goal = if file.is_empty() { path.clone() } else { folder.join(file) };
            let Ok(goal) = goal.canonicalize() else {
                wrong.push(format!("{}: there is no `{link}`", path.display()));
                continue;
            };
            // What is not in docs/ is not in the book.
            if path.starts_with(&docs) && !goal.starts_with(docs.canonicalize()?) {
                wrong.push(format!("{}: `{link}` leads out of the book", path.display()));
            }
            if !fragment.is_empty() && !read(&goal)?.anchors.contains(fragment) {
                wrong.push(format!("{}: no heading of `{link}`", path.display()));
            }
        }
    }
    assert!(looked_at > 100, "only {looked_at} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn anchors_are_as_the_book_has_them() {
    let text = "# A `code` and, well: more\n## Same\n## Same\n[a](b.md#c) ![i](j.svg) <https://x>\n\n    [no](link)\n";
    let page = page(text);
    assert_eq!(page.links, ["b.md#c", "j.svg"]);
    let wanted = ["a-code-and-well-more", "same", "same-1"].map(str::to_owned);
    assert_eq!(page.anchors, wanted.into());
}
