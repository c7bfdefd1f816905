//! Connections: how many, how long they may be silent, what they may send, and how they end.
//!
//! tonic's own server leaves these open (no limit on calls at once, on provoked resets, on silent peers, on the time that a
//! shutdown takes), so this stands on hyper directly.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::Service;
use tracing::{debug, error, warn};

use crate::service::Connections;

/// What HTTP/2 begins with ("PRI * HTTP/2.0" and so on). HTTP/1 has its own time limit for headers.
const PREFACE_BYTES: usize = 24;

/// How long to wait after the system refused to give a connection: it is out of something, and asking at once again would
/// only keep it so.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Accepts connections until `stop` is cancelled, tells the open ones to finish, and waits for that at most `drain`; then
/// calls `closing` and cuts off what is left.
pub(super) async fn run<S>(
    listener: TcpListener,
    service: S,
    limits: Connections,
    stop: CancellationToken,
    drain: Duration,
    closing: impl FnOnce(),
) where
    S: Service<Request<hyper::body::Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let places = Arc::new(Semaphore::new(limits.most));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // The semaphore is never closed; a connection past the limit waits in the system's queue.
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                if let Err(fault) = ended {
                    error!(error = %fault, "The conversation on a connection panicked: {fault}");
                }
            }
            (place, accepted) = accepted => match accepted {
                Ok((stream, _)) => {
                    let connection = converse(stream, service.clone(), limits, stop.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(refused) => {
                    warn!(error = %refused, "A connection could not be accepted: {refused}");
                    sleep(AFTER_REFUSAL).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(drain, ended).await.is_err() {
        closing();
        // What was told to close only now has a moment to say so to its callers.
        let ended = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(LAST_WORDS, ended).await;
    }
    connections.shutdown().await;
}

const LAST_WORDS: Duration = Duration::from_secs(1);

async fn converse<S>(stream: TcpStream, service: S, limits: Connections, stop: CancellationToken)
where
    S: Service<Request<hyper::body::Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    // Small answers should not wait for more to come. It fails only on a connection that is gone already.
    let _ = stream.set_nodelay(true);
    let heard = Arc::new(AtomicUsize::new(0));
    let stream = TokioIo::new(Heard { stream, bytes: heard.clone() });
    let builder = builder(limits);
    let mut connection = pin!(builder.serve_connection(stream, TowerToHyperService::new(service)));
    let mut told = false;
    let mut first_bytes = pin!(sleep(limits.first_bytes));
    let mut silent_so_far = true;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(error = %error, "A connection ended early");
                }
                return;
            }
            () = stop.cancelled(), if !told => {
                connection.as_mut().graceful_shutdown();
                told = true;
            }
            () = first_bytes.as_mut(), if silent_so_far => {
                if heard.load(Ordering::Relaxed) < PREFACE_BYTES {
                    debug!("A connection said nothing and was closed");
                    return;
                }
                silent_so_far = false;
            }
        }
    }
}

fn builder(limits: Connections) -> auto::Builder<TokioExecutor> {
    let Connections {
        most: _,
        streams,
        header_list_bytes,
        local_error_resets,
        first_bytes,
        keep_alive_interval,
        keep_alive_timeout,
    } = limits;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // gRPC-Web comes over HTTP/1 too.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(first_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_header_list_size(header_list_bytes)
        .max_local_error_reset_streams(local_error_resets)
        .keep_alive_interval(keep_alive_interval)
        .keep_alive_timeout(keep_alive_timeout);
    builder
}

/// Counts the bytes that a peer has sent, up to the first few.
struct Heard {
    stream: TcpStream,
    bytes: Arc<AtomicUsize>,
}

impl AsyncRead for Heard {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        self.bytes.fetch_add(into.filled().len() - before, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Heard {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
