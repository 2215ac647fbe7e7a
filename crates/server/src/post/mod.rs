//! One POST to one address: a connection of its own, a limit on its time and on what is read, and no redirects. Webhooks
//! and the second opinion go out by it.

mod target;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto::ring};

pub use target::Target;

/// A client that trusts what this machine trusts, and what `[https] ca_file` adds.
#[derive(Clone)]
pub struct Client {
    tls: Option<TlsConnector>,
}

/// How far one exchange may go. INVARIANT (bounded): nothing beyond is waited for or read.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// From the first packet to the answer's last.
    pub time: Duration,
    /// More of an answer's body is not read.
    pub answer_bytes: usize,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

/// The file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`https.ca_file` {path}: {what}")]
pub struct CaFileError {
    path: PathBuf,
    what: String,
}

impl Client {
    /// Reads the machine's root certificates (`SSL_CERT_FILE` names others) and those of `ca_file`, if one is named;
    /// without any, https cannot be spoken.
    ///
    /// # Errors
    /// When `ca_file` holds no certificate.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, CaFileError> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if let Some(path) = ca_file {
            add(&mut roots, path).map_err(|what| CaFileError {
                path: path.to_owned(),
                what,
            })?;
        }
        let trusts_any = !roots.is_empty();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .ok()
            .filter(|_| trusts_any)
            .map(|config| config.with_root_certificates(roots).with_no_client_auth());
        Ok(Self {
            tls: config.map(|config| TlsConnector::from(Arc::new(config))),
        })
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// Why there was no answer, for a person to read.
    pub async fn post(
        &self,
        target: &Target,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        bounds: Bounds,
    ) -> Result<Answered, String> {
        let exchange = self.exchange(target, headers, body, bounds.answer_bytes);
        tokio::time::timeout(bounds.time, exchange)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {:?}", bounds.time)))
    }

    async fn exchange(
        &self,
        target: &Target,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        most: usize,
    ) -> Result<Answered, String> {
        let mut request = Request::post(&target.path)
            .header("host", target.authority())
            .header("content-type", "application/json")
            .header(
                "user-agent",
                concat!("ringfence/", env!("CARGO_PKG_VERSION")),
            );
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| e.to_string())?;
        let socket = TcpStream::connect((target.host.as_str(), target.port))
            .await
            .map_err(|e| format!("cannot connect: {e}"))?;
        let _ = socket.set_nodelay(true);
        if !target.tls {
            return send(socket, request, most).await;
        }
        let tls = self.tls.as_ref().ok_or("no root certificates here")?;
        let name = ServerName::try_from(target.host.clone()).map_err(|e| e.to_string())?;
        let stream = tls.connect(name, socket).await.map_err(|e| why(&e))?;
        send(stream, request, most).await
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|e| e.to_string())?;
    let mut any = false;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| e.to_string())?;
        roots.add(certificate).map_err(|e| e.to_string())?;
        any = true;
    }
    any.then_some(())
        .ok_or_else(|| "holds no certificate in PEM".to_owned())
}

/// Why there is no TLS: a certificate that is refused is another matter than a connection that broke.
fn why(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|e| e.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(fault)) => {
            format!("its certificate is refused: {fault}")
        }
        _ => format!("no TLS: {error}"),
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Answered, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let exchange = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        let status = answer.status().as_u16();
        // That it has said it all means that it is done with us.
        let mut incoming = answer.into_body();
        let mut body = Vec::new();
        while let Some(Ok(frame)) = incoming.frame().await {
            let data = frame.data_ref().map_or(&[][..], |data| data);
            let room = most.saturating_sub(body.len());
            body.extend(data.iter().take(room));
            if data.len() > room {
                break;
            }
        }
        Ok(Answered { status, body })
    };
    tokio::pin!(exchange);
    tokio::pin!(connection);
    tokio::select! {
        biased;
        result = exchange.as_mut() => result,
        // The connection may end before its last answer has been read.
        _ = connection.as_mut() => exchange.await,
    }
}
