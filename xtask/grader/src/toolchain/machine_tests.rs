use super::*;

fn debian() -> System {
    System::Linux(OsRelease::parse(
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
    ))
}

fn rustup(may_install: bool) -> Option<Rustup> {
    Some(Rustup { toolchain: "1.95.0-x86_64-unknown-linux-gnu".to_owned(), may_install })
}

fn machine(system: System, superuser: bool, rustup: Option<Rustup>, apt: bool) -> Machine {
    Machine { system, superuser, rustup, apt }
}

#[test]
fn os_release_is_read_with_and_without_quotes() {
    let text = "NAME=Ubuntu\nID=ubuntu\nID_LIKE='debian'\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n# comentário\nsem igual\n";
    let release = OsRelease::parse(text);
    assert_eq!(release.id, "ubuntu");
    assert_eq!(release.id_like, ["debian"]);
    assert_eq!(release.pretty_name, "Ubuntu 24.04 LTS");
    assert!(release.is_debian_like());
    assert!(!OsRelease::parse("ID=fedora\nID_LIKE=\"rhel centos\"\n").is_debian_like());
    assert_eq!(OsRelease::parse(""), OsRelease::default());
}

#[test]
fn rustup_comes_before_packages() {
    let plan = machine(debian(), true, rustup(true), true).plan();
    let toolchain = "1.95.0-x86_64-unknown-linux-gnu".to_owned();
    assert_eq!(plan.routes, [Route::RustupTargets { toolchain }, Route::DebianPackages]);
    assert!(plan.skipped.is_empty());
}

#[test]
fn rustup_is_skipped_when_told_not_to_install() {
    let plan = machine(debian(), true, rustup(false), true).plan();
    assert_eq!(plan.routes, [Route::DebianPackages]);
    assert!(plan.skipped[0].contains("RUSTUP_AUTO_INSTALL=0"), "{:?}", plan.skipped);
}

#[test]
fn packages_need_root() {
    let without_root = machine(debian(), false, rustup(false), true);
    assert_eq!(without_root.plan().routes, []);
    assert!(without_root.plan().skipped.iter().any(|note| note.contains("sem root")));
    let text = without_root.wasm_instructions();
    assert!(text.contains("rustup target add --toolchain 1.95.0-x86_64-unknown-linux-gnu wasm32-wasip1"), "{text}");
    assert!(text.contains("sudo "), "{text}");
}

#[test]
fn a_container_without_apt_has_no_package_route() {
    assert_eq!(machine(debian(), true, None, false).plan().routes, []);
}

#[test]
fn other_systems_use_rustup_only() {
    for system in [System::MacOs, System::Windows, System::Linux(OsRelease::parse("ID=fedora\n"))] {
        let machine = machine(system, false, rustup(true), false);
        assert_eq!(machine.plan().routes.len(), 1);
        assert!(!machine.wasm_instructions().contains("sudo"));
    }
}

#[test]
fn each_system_gets_its_own_browser_commands() {
    let text = |system| machine(system, true, None, true).browser_instructions();
    assert!(text(debian()).contains("apt-get install chromium chromium-driver"));
    assert!(text(System::MacOs).contains("brew install"));
    assert!(text(System::Windows).contains("winget install"));
    assert!(text(System::Linux(OsRelease::parse("ID=ubuntu\nID_LIKE=debian\n"))).contains("snap install"));
}

#[test]
fn only_real_packages_install_the_browser() {
    assert!(machine(debian(), true, None, true).browser_packages());
    assert!(!machine(debian(), false, None, true).browser_packages());
    let ubuntu = System::Linux(OsRelease::parse("ID=ubuntu\nID_LIKE=debian\n"));
    assert!(!machine(ubuntu, true, None, true).browser_packages());
}

#[test]
fn the_toolchain_name_comes_from_its_folder() {
    let name = "1.95.0-x86_64-unknown-linux-gnu";
    let sysroot = Path::new("/home/ana/.rustup/toolchains").join(name);
    assert_eq!(rustup_toolchain(&sysroot).as_deref(), Some(name));
    assert_eq!(rustup_toolchain(Path::new("/usr")), None);
}
