//! Frames to measure with: five that are like those on the wire, and some that are as bad as can be.

/// The frames whose instructions are counted, with their names.
pub(crate) const COUNTED: [(&str, &[u8]); 5] = [
    ("m1", include_bytes!("../frames/m1.json")),
    ("m2", include_bytes!("../frames/m2.json")),
    ("m3", include_bytes!("../frames/m3.json")),
    ("m4", include_bytes!("../frames/m4.json")),
    ("m5", include_bytes!("../frames/m5.json")),
];

/// Frames that go through every branch.
pub(crate) const HARD: [&[u8]; 26] = [
    &nested(b'[', b']'),
    &nested(b'{', b'['),
    b"",
    b" \t\r\n{ \"type\" : 1001 } \n",
    b"\xef\xbb\xbf{\"type\":1001}",
    b"[1]",
    b"{\"type\":4294967295,\"data\":\"\\ud83d\\ude00\\u00e9\",\"sign\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    b"{\"type\":4294967296}",
    b"{\"type\":-1}",
    b"{\"type\":1e3}",
    b"{\"type\":200}",
    b"{\"type\":1001,\"type\":1001}",
    b"{\"\\u0074ype\":\"t\",\"\\u0069d\":\"i\",\"time\":-9223372036854775808,\"data\":{ \"on\" : true },\"x\":[1,2.5e-3,null]}",
    b"{\"id\":\"\\u0031\",\"type\":\"\\u0074\",\"time\":9223372036854775807,\"data\":\"\\u00e9\\ud83d\\ude00\",\
      \"from\":\"\\u0066\",\"dest\":\"\\u0064\",\"sign\":\"\\u0073\"}",
    b"{\"id\":\"1\",\"type\":\"t\",\"time\":9223372036854775808,\"data\":\"\"}",
    b"{\"id\":null,\"type\":\"t\",\"time\":null,\"data\":null,\"from\":null,\"dest\":null,\"sign\":null}",
    b"{\"id\":1,\"type\":\"t\",\"time\":0,\"data\":\"\"}",
    b"{\"id\":\"1\",\"type\":\"t\",\"time\":\"0\",\"data\":\"\"}",
    b"{\"id\":\"1\",\"type\":\"t\",\"time\":0,\"data\":[]}",
    b"{\"id\":\"1\",\"type\":\"t\",\"time\":0}",
    b"{\"id\":\"\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9\xff\",\"type\":\"t\"}",
    b"{\"id\":\"\\ud800\",\"type\":\"t\"}",
    b"{\"id\":\"1\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true,\"name\":\"\\u0061b\",\"note\":\"\\n\",\
      \"mode\":{\"Both\":[true,false]},\"pair\":[true,\"\\u00e9\"],\"nothing\":null,\"skip\":[[{\"a\":[]}]]}}",
    b"{\"id\":\"1\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true,\"name\":\"ab\",\"mode\":{\"Blink\":{\"fast\":false}}}}",
    b"{\"id\":\"1\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true,\"name\":\"ab\",\"mode\":{\"Blink\":[]}}}",
    b"{\"id\":\"1\",\"type\":\"led\",\"time\":0,\"data\":{\"mode\":{\"On\":true},\"mode\":\"Off\"}}",
];

/// A frame with so many containers in one another that one more is refused, and one more.
const fn nested(open: u8, close: u8) -> [u8; 280] {
    const HEAD: &[u8] = b"{\"type\":1001,\"data\":\"\",\"x\":";
    let mut frame = [b' '; 280];
    let mut at = 0;
    while at < HEAD.len() {
        frame[at] = HEAD[at];
        at += 1;
    }
    let mut level = 0;
    while level < 126 {
        frame[at + level] = open;
        frame[at + 251 - level] = close;
        level += 1;
    }
    frame[at + 252] = b'}';
    frame
}
