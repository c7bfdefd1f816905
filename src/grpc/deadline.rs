//! Deadlines as gRPC means them: the caller's `grpc-timeout`, or the longest that any call may take, ends the call with
//! DEADLINE_EXCEEDED, in the middle of a stream too. On the same way out every error gets its code and reason put right.
//!
//! tonic's own server would end calls with CANCELLED and stop watching when the first headers are out; that is why the
//! listener here does not use it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep_until, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::status;
use crate::service::Error;

/// When the call ends; in the extensions of every request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(pub Instant);

#[derive(Clone, Copy, Debug)]
pub(super) struct DeadlineLayer {
    /// How long any call may take.
    pub longest: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct WithDeadline<S> {
    inner: S,
    longest: Duration,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = WithDeadline<S>;

    fn layer(&self, inner: S) -> WithDeadline<S> {
        WithDeadline { inner, longest: self.longest }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for WithDeadline<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Answering {
        let now = Instant::now();
        let asked = match timeout(request.headers()) {
            Ok(asked) => asked,
            Err(Malformed) => {
                let error = Error::invalid("grpc-timeout", "wanted at most 8 digits and one of H M S m u n");
                return Box::pin(std::future::ready(Ok(Status::from(error).into_http())));
            }
        };
        // A watch of the server's health is meant to last as long as both sides do.
        let lasting = request.uri().path().starts_with("/grpc.health.v1.");
        let allowed = match asked {
            None if lasting => None,
            None => Some(self.longest),
            Some(asked) if lasting => Some(asked),
            Some(asked) => Some(asked.min(self.longest)),
        };
        let Some(deadline) = allowed.and_then(|allowed| now.checked_add(allowed)) else {
            let answering = self.inner.call(request);
            return Box::pin(async { Ok(corrected(answering.await?)) });
        };
        request.extensions_mut().insert(Deadline(deadline));
        let answering = self.inner.call(request);
        Box::pin(async move {
            Ok(match timeout_at(deadline.into(), answering).await {
                Ok(answer) => corrected(answer?).map(|body| Body::new(Timed::new(body, deadline))),
                Err(_) => Status::from(Error::Deadline).into_http(),
            })
        })
    }
}

/// The answer with the code and reason of its status put right, in its headers and at its end.
fn corrected(mut response: Response<Body>) -> Response<Body> {
    correct(response.headers_mut());
    response.map(|body| Body::new(Corrected(body)))
}

fn correct(headers: &mut HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else { return };
    if let Some(completed) = status::completed(&status) {
        for name in [Status::GRPC_STATUS, Status::GRPC_MESSAGE, Status::GRPC_STATUS_DETAILS] {
            headers.remove(name);
        }
        // It can only fail for a message that is no header value, and tonic percent-encodes those.
        let _ = completed.add_header(headers);
    }
}

/// A body whose trailers are put right.
struct Corrected(Body);

impl http_body::Body for Corrected {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.0).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let mut frame = frame?;
            if let Some(trailers) = frame.trailers_mut() {
                correct(trailers);
            }
            Ok(frame)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// A body that ends with DEADLINE_EXCEEDED when the time comes.
struct Timed {
    /// None once the time has come: dropping it tells whatever makes it to stop.
    body: Option<Body>,
    end: Pin<Box<Sleep>>,
}

impl Timed {
    fn new(body: Body, deadline: Instant) -> Timed {
        Timed { body: Some(body), end: Box::pin(sleep_until(deadline.into())) }
    }
}

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Timed { body, end } = &mut *self;
        let Some(running) = body else { return Poll::Ready(None) };
        // The end is asked first, so that a stream that always has something ready still ends.
        if end.as_mut().poll(context).is_pending() {
            return Pin::new(running).poll_frame(context);
        }
        *body = None;
        let mut trailers = HeaderMap::new();
        // As in `correct`.
        let _ = Status::from(Error::Deadline).add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), |body| body.size_hint())
    }
}

#[derive(Debug, PartialEq)]
struct Malformed;

/// `grpc-timeout`: one to eight digits and a unit. None where there is no such header.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let (unit, digits) = value.as_bytes().split_last().ok_or(Malformed)?;
    if digits.is_empty() || 8 < digits.len() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    Ok(Some(match unit {
        b'H' => Duration::from_secs(number * 3600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return Err(Malformed),
    }))
}

#[cfg(test)]
mod tests {
    use super::{Malformed, timeout};
    use http::{HeaderMap, HeaderValue};
    use std::time::Duration;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", HeaderValue::from_static(text));
            timeout(&headers)
        };
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
        assert_eq!(read("5S"), Ok(Some(Duration::from_secs(5))));
        assert_eq!(read("99999999H"), Ok(Some(Duration::from_secs(99_999_999 * 3600))));
        assert_eq!(read("2M"), Ok(Some(Duration::from_secs(120))));
        assert_eq!(read("1m"), Ok(Some(Duration::from_millis(1))));
        assert_eq!(read("1u"), Ok(Some(Duration::from_micros(1))));
        assert_eq!(read("0n"), Ok(Some(Duration::ZERO)));
        for wrong in ["", "S", "5", "5s", "-5S", "+5S", "123456789S", "1.5S", "5 S"] {
            assert_eq!(read(wrong), Err(Malformed), "{wrong}");
        }
    }
}
