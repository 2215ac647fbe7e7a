//! One POST to one address: a connection of its own, a limit on its time and on what is read, and no redirects.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::target::Target;

/// From the first packet to the answer's last.
const POST_TIME_MAX: Duration = Duration::from_secs(10);
/// INVARIANT (bounded): more of an answer is not read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A client that trusts what this machine trusts.
#[derive(Clone)]
pub struct Client {
    tls: Option<TlsConnector>,
}

impl Client {
    /// Reads the machine's root certificates (`SSL_CERT_FILE` names others); without any, https cannot be spoken.
    #[must_use]
    pub fn new() -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (trusted, _) = roots.add_parsable_certificates(found.certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .ok()
            .filter(|_| trusted > 0)
            .map(|config| config.with_root_certificates(roots).with_no_client_auth());
        Self {
            tls: config.map(|config| TlsConnector::from(Arc::new(config))),
        }
    }

    /// Posts JSON; answers the status.
    ///
    /// # Errors
    /// Why there was no answer, for a person to read.
    pub async fn post(
        &self,
        target: &Target,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<u16, String> {
        tokio::time::timeout(POST_TIME_MAX, self.exchange(target, headers, body))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", POST_TIME_MAX.as_secs())))
    }

    async fn exchange(
        &self,
        target: &Target,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<u16, String> {
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
            return send(socket, request).await;
        }
        let tls = self.tls.as_ref().ok_or("no root certificates here")?;
        let name = ServerName::try_from(target.host.clone()).map_err(|e| e.to_string())?;
        let stream = tls
            .connect(name, socket)
            .await
            .map_err(|e| format!("no TLS: {e}"))?;
        send(stream, request).await
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<u16, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let exchange = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        let status = answer.status().as_u16();
        // What it says is not kept; that it has said it all means that it is done with us.
        let mut body = answer.into_body();
        let mut read = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if read > ANSWER_BYTES_MAX {
                break;
            }
        }
        Ok(status)
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
