//! The contract, as wasmtime generates it.

wasmtime::component::bindgen!({
    path: "wit",
    world: "playfast-parser",
    exports: { default: async },
});

pub(super) use exports::playfast::parser::parser as wit;
