use std::fmt::{self, Display, Write};

use crate::core::JsonStr;

/// The text of a string in a frame.
pub(crate) fn owned(text: JsonStr<'_>) -> String {
    if let Some(text) = text.as_str() {
        return text.to_owned();
    }
    // Decoding makes no text longer, and the hint counts what is decoded.
    let (_, bound) = text.chars().size_hint();
    let mut bytes = vec![0; bound.unwrap_or_else(|| text.decoded_len())];
    let len = text.decode(&mut bytes).map_or(0, str::len);
    bytes.truncate(len);
    String::from_utf8(bytes).unwrap_or_default()
}

/// How many characters of what a peer has sent stand in the text of an error.
const SHOWN: usize = 200;

/// A text in quotation marks, for the text of an error. What is cut off is an ellipsis after them.
pub(crate) struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// A text that may have parts of a frame in it, for the text of an error: without control characters and others that are not printable.
pub(crate) struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Escaper { f, left: SHOWN };
        // It ends with an error when it is cut off, too.
        match write!(writer, "{}", self.0) {
            Err(_) if writer.left == 0 => f.write_char('…'),
            result => result,
        }
    }
}

struct Escaper<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    left: usize,
}

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            match char {
                // What serde quotes has these escaped already.
                '"' | '\'' | '\\' => self.f.write_char(char)?,
                _ => write!(self.f, "{}", char.escape_debug())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::RawJson;

    #[test]
    fn every_form_of_a_text() {
        for (json, text) in [
            (r#""""#, ""),
            (r#""plain é 😀""#, "plain é 😀"),
            (r#""\u00e9\ud83d\ude00\\\/\n""#, "é😀\\/\n"),
            (r#""\u0000\uffff\u0041é""#, "\0\u{ffff}Aé"),
        ] {
            assert_eq!(
                owned(RawJson::new(json.as_bytes()).unwrap().as_text().unwrap()),
                text
            );
        }
        assert_eq!(owned(JsonStr::new("\\n\"")), "\\n\"");
    }

    #[test]
    fn hostile_text_is_escaped_and_cut() {
        for (text, escaped) in [
            ("it's \"a\\b\" é", "it's \"a\\b\" é"),
            ("\u{1b}[2J\r\n\0\u{202e}", "\\u{1b}[2J\\r\\n\\0\\u{202e}"),
        ] {
            assert_eq!(Escaped(text).to_string(), escaped);
        }
        let (fits, long) = ("é".repeat(SHOWN), "é".repeat(SHOWN + 1));
        assert_eq!(Escaped(&fits).to_string(), fits);
        assert_eq!(Escaped(&long).to_string(), format!("{fits}…"));
        assert_eq!(Quoted(&fits).to_string(), format!("\"{fits}\""));
        assert_eq!(Quoted(&long).to_string(), format!("\"{fits}\"…"));
        assert_eq!(Quoted("\u{1b}\"").to_string(), "\"\\u{1b}\\\"\"");
    }
}
