//! Candle files with damaged bytes.

use super::project::{BTC, Project};

/// Wherever a byte is wrong, the program either reads other prices or says that the file is bad, in one message.
#[test]
fn damaged_bytes_end_in_one_message() {
    let project = Project::new();
    let good = project.read(BTC);
    // The footer describes everything else. A wrong lowest bit turns the sign of a length, which the decoder takes
    // as a broken promise of its own and answers with a panic.
    let footer =
        good.len() - 8 - u32::from_le_bytes(good[good.len() - 8..][..4].try_into().unwrap()) as usize;
    let pages = (0..footer).step_by(97).map(|position| (position, 0xff));
    let description = (footer..good.len()).map(|position| (position, 0x01));
    let mut refused = 0;
    for (position, mask) in pages.chain(description) {
        let mut bytes = good.clone();
        bytes[position] ^= mask;
        project.write(BTC, bytes);
        // An empty window, so that good bytes end in a message too and nothing is written.
        let ended = project.run("backtest --from 2030-01-01");
        assert_eq!(ended.code, Some(7), "byte {position}: {}", ended.stderr);
        if ended.stderr.starts_with("error: no candle of any schedule closes inside the window") {
            continue;
        }
        refused += 1;
        let message = "error: config/../data/ohlcv/binance/BTC_USDT/1h.parquet: ";
        assert!(ended.stderr.starts_with(message), "byte {position}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "byte {position}: {}", ended.stderr);
    }
    assert!(refused > 300, "{refused} refused");
}
