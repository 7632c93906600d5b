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
}
