//! Certificate authorities: the system's, those that the environment names instead, and those of `--cacert` as well.

use playfast_sim::StoreConfig;

use crate::support::{Folder, Ran, Shop, binary};

/// Runs the binary with these variables instead of the environment's, led to a store whose authority it isn't told.
fn run(shop: &Shop, variables: &[(&str, &str)]) -> Ran {
    let mut command = binary();
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR").envs(variables.iter().copied());
    command.args(["list", "--num=2", "--rate=none", "--retries=0"]);
    for route in shop.store.connect_to() {
        command.args(["--connect-to", &route]);
    }
    Ran(command.output().unwrap())
}

#[test]
fn the_environment_replaces_the_systems() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let authority = folder.write("store.pem", shop.store.ca_pem());
    run(&shop, &[]).refused(3, "shows a certificate that is not trusted");
    for variables in [[("SSL_CERT_FILE", authority.as_str())].as_slice(), &[("SSL_CERT_DIR", &folder.name(""))]] {
        assert_eq!(run(&shop, variables).rows().len(), 2, "{variables:?}");
    }
}

#[test]
fn what_the_environment_names_must_be_there() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (missing, other) = (folder.name("missing.pem"), folder.write("other.pem", "no certificate"));
    let says = "failed to read the certificate authorities that SSL_CERT_FILE names";
    for file in [&missing, &other] {
        run(&shop, &[("SSL_CERT_FILE", file)]).refused(2, says);
    }
    assert_eq!(shop.store.stats().connections, 0);
}
