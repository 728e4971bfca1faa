//! The percent code of descriptions.

/// Bytes as a description in the file: everything but printable ASCII is `%XX`, and so are `%` and `:`.
pub fn encode(text: &str) -> String {
    let mut code = String::new();
    for byte in text.bytes() {
        match byte {
            b'%' | b':' => code.push_str(&format!("%{byte:02X}")),
            0x20..=0x7e => code.push(char::from(byte)),
            _ => code.push_str(&format!("%{byte:02X}")),
        }
    }
    code
}

/// The words behind the code; what is no code stays as it is.
pub fn decode(code: &str) -> String {
    let bytes = code.as_bytes();
    let (mut plain, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let digits = digits.filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        let number = digits.and_then(|pair| std::str::from_utf8(pair).ok());
        match number.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(decoded) => {
                plain.push(decoded);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
