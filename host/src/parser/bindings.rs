//! The contract, as wasmtime generates it.

wasmtime::component::bindgen!({
    path: "wit",
    world: "playfast-parser",
    exports: { default: async },
    // Queries and responses are copied once, into the guest's memory.
    ownership: Borrowing { duplicate_if_necessary: true },
});

pub(super) use exports::playfast::parser::parser as wit;
