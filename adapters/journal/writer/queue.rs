//! A writer on a thread of its own, so that the world waits for the disk only where it has to.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hemiola_components::time::Nanos;
use thiserror::Error;

use super::Writer;
use super::disk::Disk;
use super::error::WriterError;
use crate::journal::{Chain, Head, MacKey};

/// How often a writer without work looks whether a checkpoint is due.
const IDLE: Duration = Duration::from_millis(100);

/// Batches that share a sync at most, so that nobody waits for all that come behind.
const GROUP: u64 = 64;

/// Items with their instants; durable together.
pub type Batch<T> = Vec<(Nanos, T)>;

/// Why nothing is journalled any more.
#[derive(Clone, Debug, Error)]
pub enum Stopped {
    /// The disk did not keep up.
    #[error(
        "the journal's queue of {batches} batches is full: trading stops rather than go on without a journal; use a \
         faster disk or a longer queue, then start again"
    )]
    Full {
        /// How many batches it holds.
        batches: usize,
    },
    /// The writer stopped.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// The writer's thread is gone without a word.
    #[error("the journal's thread ended unexpectedly: start again, and report this")]
    Gone,
}

/// What stands for a batch that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "a batch is durable only when it was waited for"]
pub struct Ticket(u64);

/// A bounded queue in front of a writer.
pub struct Queue<T> {
    sender: SyncSender<Message<T>>,
    batches: usize,
    submitted: u64,
    is_full: bool,
    progress: Arc<Progress>,
    thread: JoinHandle<Option<Head>>,
}

enum Message<T> {
    Batch(Batch<T>),
    ChangeKey(Nanos, Box<MacKey>),
    Close(Nanos, T),
}

/// What the thread has done.
#[derive(Default)]
struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Messages whose records are durable.
    durable: u64,
    stopped: Option<Stopped>,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }
}

impl<T: Send + 'static> Queue<T> {
    /// Starts the thread. The queue holds this many batches that the thread has not taken yet.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn start<D, F>(writer: Writer<D, F>, batches: usize) -> io::Result<Self>
    where
        D: Disk,
        F: FnMut(&T, &mut Chain, &mut Vec<u8>) + Send + 'static,
    {
        let (sender, receiver) = sync_channel(batches);
        let progress = Arc::new(Progress::default());
        let served = Leaving(Arc::clone(&progress));
        let thread = thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || serve(writer, &receiver, &served.0))?;
        Ok(Self { sender, batches, submitted: 0, is_full: false, progress, thread })
    }

    /// Hands a batch over without waiting.
    ///
    /// # Errors
    /// [`Stopped::Full`] when the queue is full, now or before: nothing is dropped silently, and nothing comes behind
    /// what was refused. Else why the writer stopped.
    pub fn submit(&mut self, batch: Batch<T>) -> Result<Ticket, Stopped> {
        self.admit()?;
        match self.sender.try_send(Message::Batch(batch)) {
            Ok(()) => Ok(self.ticket()),
            Err(TrySendError::Full(_)) => {
                self.is_full = true;
                Err(Stopped::Full { batches: self.batches })
            }
            Err(TrySendError::Disconnected(_)) => Err(self.reason()),
        }
    }

    /// Hands over to another key behind everything that was submitted, and waits until that is durable.
    ///
    /// # Errors
    /// As for [`Self::submit`], but for a full queue now, which is waited for.
    pub fn change_key(&mut self, at: Nanos, key: MacKey) -> Result<(), Stopped> {
        self.admit()?;
        self.sender.send(Message::ChangeKey(at, Box::new(key))).map_err(|_| self.reason())?;
        let ticket = self.ticket();
        self.wait(ticket)
    }

    /// Waits until a batch is durable.
    ///
    /// # Errors
    /// Why it never will be: it may be there or not.
    pub fn wait(&self, ticket: Ticket) -> Result<(), Stopped> {
        let state = self.progress.state();
        let waits = |state: &mut State| state.durable < ticket.0 && state.stopped.is_none();
        let state = self.progress.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        if state.durable >= ticket.0 {
            return Ok(());
        }
        Err(state.stopped.clone().unwrap_or(Stopped::Gone))
    }

    /// Waits for all that was submitted, closes the journal with this last record and ends the thread. A queue that
    /// was full can be closed: what it had taken is there.
    ///
    /// # Errors
    /// Why the writer stopped.
    pub fn close(self, at: Nanos, last: T) -> Result<Head, Stopped> {
        let Self { sender, progress, thread, .. } = self;
        // Without a receiver the thread has stopped, and says below why.
        _ = sender.send(Message::Close(at, last));
        drop(sender);
        let head = thread.join().ok().flatten();
        head.ok_or_else(|| progress.state().stopped.clone().unwrap_or(Stopped::Gone))
    }

    fn admit(&self) -> Result<(), Stopped> {
        match &self.progress.state().stopped {
            Some(stopped) => Err(stopped.clone()),
            None if self.is_full => Err(Stopped::Full { batches: self.batches }),
            None => Ok(()),
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.submitted += 1;
        Ticket(self.submitted)
    }

    fn reason(&self) -> Stopped {
        self.progress.state().stopped.clone().unwrap_or(Stopped::Gone)
    }
}

/// Tells those who wait when the thread is gone, however it went.
struct Leaving(Arc<Progress>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.change(|state| _ = state.stopped.get_or_insert(Stopped::Gone));
    }
}

/// Writes until the journal is closed, everybody has left or something fails.
fn serve<T, D, F>(writer: Writer<D, F>, receiver: &Receiver<Message<T>>, progress: &Progress) -> Option<Head>
where
    D: Disk,
    F: FnMut(&T, &mut Chain, &mut Vec<u8>),
{
    match write(writer, receiver, progress) {
        Ok(head) => head,
        Err(error) => {
            progress.change(|state| state.stopped = Some(error.into()));
            None
        }
    }
}

fn write<T, D, F>(
    writer: Writer<D, F>,
    receiver: &Receiver<Message<T>>,
    progress: &Progress,
) -> Result<Option<Head>, WriterError>
where
    D: Disk,
    F: FnMut(&T, &mut Chain, &mut Vec<u8>),
{
    let mut writer = writer;
    loop {
        let mut next = match receiver.recv_timeout(IDLE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        };
        // Batches that came while the last ones were written share a sync.
        let mut taken = 0;
        while let Some(message) = next {
            match message {
                Message::Batch(batch) => {
                    for (at, item) in &batch {
                        writer.append(*at, item)?;
                    }
                }
                Message::ChangeKey(at, key) => writer.change_key(at, *key)?,
                Message::Close(at, last) => return writer.close(at, &last).map(Some),
            }
            taken += 1;
            next = if taken < GROUP { receiver.try_recv().ok() } else { None };
        }
        writer.commit()?;
        progress.change(|state| state.durable += taken);
    }
}
