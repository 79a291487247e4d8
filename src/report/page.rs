//! A page of plain text: lines, headings, items that wrap.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use super::Style;

/// A long label does not push its text to the right edge.
const MOST_HANGING: usize = 24;

/// Lines are wrapped at this width; an ARN is never broken.
const WIDTH: usize = 80;

/// The page as it is written, line by line.
#[derive(Debug)]
pub struct Page {
    text: String,
    style: Style,
}

impl Page {
    /// An empty page.
    pub fn new(style: Style) -> Self {
        Self { text: String::new(), style }
    }

    /// The finished text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// One line as it is.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// A heading with an empty line above.
    pub fn heading(&mut self, title: &str) {
        let bold = self.paint(AnsiColor::Cyan.on_default().bold());
        let _ = write!(self.text, "\n{bold}{title}{bold:#}\n");
    }

    /// The style, or none where the page is plain.
    pub fn paint(&self, style: Ansi) -> Ansi {
        if self.style == Style::Coloured { style } else { Ansi::new() }
    }

    /// A label and a text that wraps under itself.
    pub fn item(&mut self, indent: usize, label: &str, text: &str) {
        self.wrapped(indent, label, text, (indent + label.chars().count()).min(MOST_HANGING));
    }

    /// A label and a text that wraps at a given column.
    pub fn wrapped(&mut self, indent: usize, label: &str, text: &str, hanging: usize) {
        let mut line = format!("{:indent$}{label}", "");
        let mut width = line.chars().count();
        let mut first = true;
        for word in text.split(' ') {
            let length = word.chars().count();
            let needed = width + usize::from(!first) + length;
            if needed > WIDTH && (!first || hanging + length <= WIDTH) {
                self.line(line.trim_end());
                line = " ".repeat(hanging);
                width = hanging;
            } else if !first {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
            first = false;
        }
        self.line(line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_wraps_under_its_own_text_and_words_stay_whole() {
        let mut page = Page::new(Style::Plain);
        let arn = format!("arn:aws:s3:::{}", "b".repeat(80));
        page.item(2, "on ", &format!("{} {arn} end", "word ".repeat(16).trim_end()));
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("  on word") && lines[0].len() <= WIDTH, "{text}");
        assert_eq!(lines[2], format!("     {arn}"));
        assert_eq!(lines[3], "     end");
    }

    #[test]
    fn a_first_word_that_fits_the_next_line_alone_goes_there() {
        let mut page = Page::new(Style::Plain);
        page.wrapped(2, "informational wider-resource: ", &format!("{} is", "a".repeat(60)), 4);
        let text = page.into_text();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            ["  informational wider-resource:", &format!("    {} is", "a".repeat(60))]
        );
    }
}
