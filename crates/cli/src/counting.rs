//! Counting a text: read a block, count it, read the next.
//!
//! With one thread a single block is read and counted in turn, and stays in the cache. With several a
//! thread of its own reads the next block while this one is counted.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use perf_kernels::{Counts, Error, WordCount};
use tracing::info_span;

use crate::failure::FileError;
use crate::progress::Progress;
use crate::readers::text::{Block, Text};

/// What one thread counts at once: small enough to stay in the cache between reading and counting.
const BLOCK: usize = 1 << 20;
/// What each of several threads gets at once.
const BLOCK_PER_THREAD: usize = 4 << 20;
/// All blocks of a streamed text together.
const STREAMED: usize = 32 << 20;
/// One block is read while the other is counted.
const BLOCKS: usize = 2;

/// A text that has been counted.
pub(crate) struct Counted {
    pub(crate) counts: Counts,
    pub(crate) bytes: u64,
    /// The time spent reading, or waiting for the thread that reads.
    pub(crate) read: Duration,
    pub(crate) count: Duration,
}

/// Counts the text.
pub(crate) fn count(
    text: Text,
    counter: &mut dyn WordCount,
    stream: bool,
    progress: &mut Progress,
) -> anyhow::Result<Counted> {
    let threads = counter.executor().threads();
    let mut tally =
        Tally { counter, progress, bytes: 0, read: Duration::ZERO, count: Duration::ZERO };
    if threads == 1 {
        return tally.in_turn(text);
    }
    let most = if stream { STREAMED / BLOCKS } else { usize::MAX };
    tally.overlapped(text, (threads * BLOCK_PER_THREAD).min(most))
}

struct Tally<'a> {
    counter: &'a mut dyn WordCount,
    progress: &'a mut Progress,
    bytes: u64,
    read: Duration,
    count: Duration,
}

impl Tally<'_> {
    fn in_turn(&mut self, mut text: Text) -> anyhow::Result<Counted> {
        let mut block = Block::with_size(BLOCK);
        loop {
            let start = Instant::now();
            let more = info_span!("read").in_scope(|| text.read(&mut block))?;
            self.read += start.elapsed();
            if !more {
                break;
            }
            self.add(&block).or_else(|error| named(error, &text))?;
        }
        self.finish(&text)
    }

    fn overlapped(&mut self, text: Text, size: usize) -> anyhow::Result<Counted> {
        thread::scope(|scope| {
            let (spare, spares) = mpsc::channel();
            let (full, blocks) = mpsc::sync_channel(BLOCKS);
            (0..BLOCKS).try_for_each(|_| spare.send(Block::with_size(size)))?;
            let reader = scope.spawn(move || read_blocks(text, &spares, &full));
            let counted = self.add_all(&blocks, &spare);
            // Without a place to put its blocks the reader ends, also in the middle of the text.
            drop((blocks, spare));
            let (text, read) =
                reader.join().map_err(|_| anyhow::anyhow!("the reading thread failed"))?;
            counted.or_else(|error| named(error, &text))?;
            read?;
            self.finish(&text)
        })
    }

    fn add_all(
        &mut self,
        blocks: &mpsc::Receiver<Block>,
        spare: &mpsc::Sender<Block>,
    ) -> Result<(), Error> {
        loop {
            let start = Instant::now();
            let block = info_span!("wait for text").in_scope(|| blocks.recv());
            self.read += start.elapsed();
            let Ok(block) = block else { return Ok(()) };
            self.add(&block)?;
            // The reader is gone when it is at the end of the text.
            let _ = spare.send(block);
        }
    }

    fn add(&mut self, block: &Block) -> Result<(), Error> {
        let start = Instant::now();
        info_span!("tokenise + count").in_scope(|| self.counter.add(block.bytes()))?;
        self.count += start.elapsed();
        self.bytes += block.bytes().len() as u64;
        self.progress.at(self.bytes);
        Ok(())
    }

    fn finish(&mut self, text: &Text) -> anyhow::Result<Counted> {
        let start = Instant::now();
        let counts = info_span!("finish").in_scope(|| self.counter.finish());
        let counts = counts.or_else(|error| named(error, text))?;
        self.count += start.elapsed();
        Ok(Counted { counts, bytes: self.bytes, read: self.read, count: self.count })
    }
}

/// Reads all blocks of the text, as fast as they are given back.
fn read_blocks(
    mut text: Text,
    spares: &mpsc::Receiver<Block>,
    full: &mpsc::SyncSender<Block>,
) -> (Text, Result<(), FileError>) {
    for mut block in spares {
        match info_span!("read").in_scope(|| text.read(&mut block)) {
            Ok(true) if full.send(block).is_ok() => {}
            Ok(_) => break,
            Err(error) => return (text, Err(error)),
        }
    }
    (text, Ok(()))
}

/// The error with the name of the file and the offset in it, where it tells one of the whole text.
fn named<T>(error: Error, text: &Text) -> anyhow::Result<T> {
    match error {
        Error::InvalidUtf8 { offset } => {
            let (name, offset) = text.locate(offset);
            Err(Error::InvalidUtf8 { offset }).context(name.to_owned())
        }
        other => Err(other.into()),
    }
}
