//! Where something is posted.

use std::net::{IpAddr, Ipv6Addr};

use hyper::Uri;

/// An address that what holds personal data may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Path and query.
    pub path: String,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, without the URL, which may hold a secret of its own.
    pub fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|_| "is no URL".to_owned())?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("must begin with https://".to_owned()),
        };
        let authority = uri.authority().ok_or("names no host")?;
        if authority.as_str().contains('@') {
            return Err("must not hold a user name or password".to_owned());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err("names no host".to_owned());
        }
        // Personal data: in the clear it stays on this machine or in its own network.
        if !tls && !is_near(&host) {
            return Err("must be https: what is sent is personal data".to_owned());
        }
        Ok(Self {
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            host,
            tls,
            path: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }

    /// The `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Loopback, private addresses, and names without a dot, such as a container's.
fn is_near(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip == Ipv6Addr::LOCALHOST || ip.is_unique_local(),
        Err(_) => !host.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_near() {
        for url in [
            "https://crm.example.com/in?x=1",
            "http://127.0.0.1:9000/in",
            "http://localhost/",
            "http://crm:8080",
            "http://10.0.0.7/in",
            "http://[::1]:9/",
        ] {
            assert!(Target::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://crm.example.com/",
            "http://192.0.2.1/",
            "ftp://crm/",
            "/in",
            "",
            "https://me:secret@crm.example.com/",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
        let target = Target::parse("https://crm.example.com/in?x=1").unwrap();
        assert_eq!((target.port, target.path.as_str()), (443, "/in?x=1"));
        assert_eq!(target.authority(), "crm.example.com");
        let target = Target::parse("http://[::1]:9").unwrap();
        assert_eq!(
            (target.authority().as_str(), target.path.as_str()),
            ("[::1]:9", "/")
        );
    }
}
