/// Typical frames, byte for byte: a receipt, a ping, a text, an object with escapes, and one of 873 bytes.
pub const SAMPLES: [&[u8]; 5] = [
    include_bytes!("samples/m1.json"),
    include_bytes!("samples/m2.json"),
    include_bytes!("samples/m3.json"),
    include_bytes!("samples/m4.json"),
    include_bytes!("samples/m5.json"),
];
