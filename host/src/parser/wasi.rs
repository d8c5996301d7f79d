//! WASI for the parsers that import it, with nothing behind it: no files, environment, arguments or network. Their output is
//! logged, up to [`MAX_OUTPUT_BYTES`].

use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView};

/// Bytes of output that are kept for the log. Further writes fail in the guest.
const MAX_OUTPUT_BYTES: usize = 16 * 1024;

/// Random bytes that a call may ask for at once.
const MAX_RANDOM_BYTES: u64 = 64 * 1024;

/// WASI of one call.
pub(super) struct DenyAllWasi {
    context: WasiCtx,
    table: ResourceTable,
    output: MemoryOutputPipe,
}

impl Default for DenyAllWasi {
    fn default() -> Self {
        let output = MemoryOutputPipe::new(MAX_OUTPUT_BYTES);
        let mut builder = WasiCtx::builder();
        builder.stdout(output.clone()).stderr(output.clone()).max_random_size(MAX_RANDOM_BYTES);
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
