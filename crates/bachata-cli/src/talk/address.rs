use std::fmt;
use std::str::FromStr;

/// Where a peer is: `tcp://HOST:PORT`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address(String);

impl Address {
    /// Host and port, as `TcpStream::connect` takes them.
    pub(crate) fn host_and_port(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("tcp://")
            .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
            .filter(|rest| {
                let port = rest.rsplit_once(':').filter(|(host, _)| !host.is_empty());
                port.is_some_and(|(_, port)| port.parse::<u16>().is_ok())
            })
            .map(|rest| Self(rest.to_owned()))
            .ok_or("not an address like tcp://127.0.0.1:4000")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tcp://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_a_port() {
        for (text, address) in [
            ("tcp://127.0.0.1:4000", Some("127.0.0.1:4000")),
            ("tcp://localhost:0/", Some("localhost:0")),
            ("tcp://[::1]:65535", Some("[::1]:65535")),
            ("tcp://:4000", None),
            ("tcp://localhost", None),
            ("tcp://localhost:65536", None),
            ("tcp://localhost:4000/path", None),
            ("localhost:4000", None),
            ("ws://localhost:4000", None),
            ("", None),
        ] {
            let parsed = text.parse::<Address>().ok();
            assert_eq!(
                parsed.as_ref().map(Address::host_and_port),
                address,
                "{text}"
            );
        }
    }
}
