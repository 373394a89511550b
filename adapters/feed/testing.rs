//! A venue on this machine that answers as Binance does and misbehaves on request.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use hemiola_components::candle::Candle;
use hemiola_components::time::{Interval, Nanos};

/// How it misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    #[default]
    None,
    /// It answers with this status, and a body that is no JSON.
    Status(u16),
    /// It answers 429 and wants a pause of so many seconds.
    TooMany(u64),
    /// It sends half of the body and hangs up.
    Cut,
    /// It sends the body a few bytes at a time, with pauses.
    Trickle,
    /// It sends something else than JSON.
    Garbage,
    /// It says that there is no such symbol.
    Unknown,
    /// It has no candle of the last thirty intervals.
    Silent,
    /// Its newest candle is there twice.
    Duplicated,
    /// Its candles are not what they were.
    Restated,
    /// Its prices are no numbers.
    NotANumber,
    /// Its rows are in the wrong order.
    Reversed,
    /// Its candles are there so much after their close.
    Late(Duration),
    /// It has a candle that opens ten intervals from now.
    Future,
    /// Its answers do not say when they were given.
    Undated,
}

/// The candle of a symbol that opens at an instant.
pub type Market = fn(symbol: &str, open_time: Nanos) -> Candle;

/// A fault, and how many answers have it still.
#[derive(Clone, Copy, Debug, Default)]
struct Behaviour {
    fault: Fault,
    answers: Option<u64>,
}

impl Behaviour {
    /// The fault of the next answer.
    fn next(&mut self) -> Fault {
        match &mut self.answers {
            None => self.fault,
            Some(0) => Fault::None,
            Some(left) => {
                *left -= 1;
                self.fault
            }
        }
    }
}

/// A venue that is running.
pub struct FakeVenue {
    address: SocketAddr,
    fault: Arc<Mutex<Behaviour>>,
    requests: Arc<AtomicU64>,
}

struct Desk {
    clock: Box<dyn Fn() -> Nanos + Send + Sync>,
    market: Market,
    fault: Arc<Mutex<Behaviour>>,
    requests: Arc<AtomicU64>,
}

impl FakeVenue {
    /// Opens a venue whose time `clock` tells.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start(clock: impl Fn() -> Nanos + Send + Sync + 'static, market: Market) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (fault, requests) = (Arc::default(), Arc::default());
        let venue = Self { address, fault: Arc::clone(&fault), requests: Arc::clone(&requests) };
        let desk = Arc::new(Desk { clock: Box::new(clock), market, fault, requests });
        thread::Builder::new().name("venue".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let desk = Arc::clone(&desk);
                // Who is not served hangs up.
                _ = thread::Builder::new().spawn(move || _ = desk.serve(stream));
            }
        })?;
        Ok(venue)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it misbehaves so.
    pub fn misbehave(&self, fault: Fault) {
        self.behave(Behaviour { fault, answers: None });
    }

    /// It misbehaves so for that many answers, and well after them.
    pub fn misbehave_for(&self, fault: Fault, answers: u64) {
        self.behave(Behaviour { fault, answers: Some(answers) });
    }

    fn behave(&self, behaviour: Behaviour) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// How many questions it was asked.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Desk {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let Some(request) = lines.next().transpose()? else { return Ok(()) };
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        self.requests.fetch_add(1, Ordering::SeqCst);
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).next();
        let is_time = request.split_whitespace().nth(1) == Some("/api/v3/time");
        let body = if is_time { self.time() } else { self.body(&request, fault) };
        let (status, more) = match fault {
            Fault::Status(status) => (status, String::new()),
            Fault::TooMany(seconds) => (429, format!("Retry-After: {seconds}\r\n")),
            Fault::Unknown => (400, String::new()),
            _ => (200, String::new()),
        };
        let date = chrono::DateTime::from_timestamp_nanos((self.clock)().get());
        let date = match fault {
            Fault::Undated => String::new(),
            _ => format!("Date: {}\r\n", date.to_rfc2822().replace("+0000", "GMT")),
        };
        write!(
            stream,
            "HTTP/1.1 {status} Status\r\n{date}{more}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        match fault {
            Fault::Cut => stream.write_all(&body.as_bytes()[..body.len() / 2]),
            Fault::Trickle => body.as_bytes().chunks(16).try_for_each(|part| {
                stream.write_all(part)?;
                pause(Duration::from_millis(200));
                Ok(())
            }),
            _ => stream.write_all(body.as_bytes()),
        }
    }

    fn time(&self) -> String {
        format!("{{\"serverTime\":{}}}", (self.clock)().millis())
    }

    fn body(&self, request: &str, fault: Fault) -> String {
        match fault {
            Fault::Status(_) | Fault::Garbage => return "<html>not today</html>".to_owned(),
            Fault::TooMany(_) => return r#"{"code":-1003,"msg":"Too many requests."}"#.to_owned(),
            Fault::Unknown => return r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned(),
            _ => {}
        }
        let value = |key: &str| {
            let query = request.split_whitespace().nth(1)?.split_once('?')?.1;
            query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=').map(str::to_owned))
        };
        let number = |key: &str| value(key).and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        let interval: Option<Interval> = value("interval").and_then(|text| text.parse().ok());
        let Some(interval) = interval else {
            return r#"{"code":-1120,"msg":"Invalid interval."}"#.to_owned();
        };
        let (symbol, step) = (value("symbol").unwrap_or_default(), interval.length().get());
        let now = (self.clock)().get();
        let until = match fault {
            Fault::Silent => now - 30 * step,
            // The open time of the last one that was closed so long ago.
            Fault::Late(by) => now - step - i64::try_from(by.as_nanos()).unwrap_or(i64::MAX / 2),
            _ => now,
        };
        let first = (number("startTime") * 1_000_000 + step - 1).div_euclid(step) * step;
        let opens =
            (0..number("limit").max(1)).map(|bar| first + bar * step).take_while(|open| *open <= until);
        let mut rows: Vec<String> = opens.map(|open| self.row(&symbol, (open, step), fault)).collect();
        match fault {
            Fault::Duplicated => rows.extend(rows.last().cloned()),
            Fault::Reversed => rows.reverse(),
            Fault::Future => rows.push(self.row(&symbol, (now - now % step + 10 * step, step), fault)),
            _ => {}
        }
        format!("[{}]", rows.join(","))
    }

    fn row(&self, symbol: &str, (open_time, step): (i64, i64), fault: Fault) -> String {
        let Candle { open, high, low, close, volume, .. } = (self.market)(symbol, Nanos::new(open_time));
        let up = if fault == Fault::Restated { 1.01 } else { 1.0 };
        let [millis, end] = [open_time, open_time + step].map(|time| time / 1_000_000);
        let mut row = format!("[{millis}");
        for price in [open, high, low, close].map(|price| price * up) {
            let text = if fault == Fault::NotANumber { "NaN".to_owned() } else { format!("{price:.2}") };
            _ = write!(row, ",\"{text}\"");
        }
        _ = write!(row, ",\"{volume}\",{},\"0\",1,\"0\",\"0\",\"0\"]", end - 1);
        row
    }
}

#[expect(clippy::disallowed_methods, reason = "a venue that is slow on purpose")]
fn pause(time: Duration) {
    thread::sleep(time);
}
