//! WASI for the parsers that import it, with nothing behind it: no files, environment, arguments or network. What they print
//! log, cut at [`OUTPUT_LIMIT`].

use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView};

/// Bytes of output that are kept for the log; writing more fails in the guest.
const OUTPUT_LIMIT: usize = 16 * 1024;

/// The largest number of random bytes at a time.
const RANDOM_LIMIT: u64 = 64 * 1024;

/// The world of one call.
pub(super) struct DenyAllWasi {
    context: WasiCtx,
    table: ResourceTable,
    output: MemoryOutputPipe,
}

impl Default for DenyAllWasi {
    fn default() -> Self {
        let output = MemoryOutputPipe::new(OUTPUT_LIMIT);
        let mut builder = WasiCtx::builder();
        builder.stdout(output.clone()).stderr(output.clone()).max_random_size(RANDOM_LIMIT);
        builder.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        Self { context: builder.build(), table: ResourceTable::new(), output }
    }
}

impl DenyAllWasi {
    pub(super) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }

    /// Logs what the parser printed.
    pub(super) fn log(&self, parser: &str) {
        let output = self.output.contents();
        for line in String::from_utf8_lossy(&output).lines().filter(|line| !line.trim().is_empty()) {
            tracing::debug!(parser, "printed: {}", line.escape_debug());
        }
    }
}
