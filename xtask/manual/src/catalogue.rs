//! The man page of plugins.toml. The file explains itself, key by key, so the page is where it lies and the file as it is shipped.

use roff::{Roff, bold, italic, roman};

/// The file's name.
pub(super) const NAME: &str = "phoenix-orch-plugins.toml.5";

/// The page, with this text of the file.
pub(super) fn page(text: &str) -> String {
    let mut page = Roff::new();
    page.control("TH", ["phoenix-orch-plugins.toml", "5"]);
    page.control("SH", ["NAME"]);
    page.text([roman("phoenix-orch-plugins.toml - the catalogue of phoenix-orch: features, their steps, and what these may do")]);
    page.control("SH", ["SYNOPSIS"]);
    page.text([italic("/etc/phoenix-orch/plugins.toml")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "What phoenix-orch does where stands in this file, in TOML: which features can be asked for, which steps they are made \
         of, what each step requires, and parameters for all containers and for one. It has to belong to root, and nobody else \
         may write to it.",
    )]);
    page.control("PP", []);
    page.text([roman("This is the file as it is shipped. Its comments explain every key.")]);
    page.control("SH", ["EXAMPLE"]);
    page.control("nf", []);
    for line in text.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("phoenix-orch"), roman("(1), "), bold("phoenix-orch-plugins"), roman("(1)")]);
    page.render()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_line_of_the_file_is_in_the_page_and_none_is_a_command_of_roff() {
        let page = super::page("# one\n\n.two = \"a\\b-c\"\n'three\n");
        let shown: Vec<&str> = page
            .lines()
            .skip_while(|line| *line != ".nf")
            .take_while(|line| *line != ".fi")
            .collect();
        assert_eq!(shown[1..], ["# one", "", "\\&.two = \"a\\\\b\\-c\"", "\\*(Aqthree"]);
    }
}
