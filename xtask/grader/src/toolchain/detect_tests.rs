use super::*;

const VERSION: &str = "rustc 1.96.0 (ac68faa20 2026-05-25)";

/// Uma biblioteca padrão completa de `wasm32-wasip1`, a não ser pelos arquivos de `without`.
fn libdir(without: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("pasta temporária");
    let contained = dir.path().join("self-contained");
    fs::create_dir(&contained).expect("pasta self-contained");
    let crates = ["core", "compiler_builtins", "alloc", "std", "std_detect", "panic_abort", "test"];
    let files = crates.map(|name| dir.path().join(format!("lib{name}-0123.rlib")));
    let libc = ["crt1-command.o", "libc.a"].map(|name| contained.join(name));
    for path in files.iter().chain(&libc) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !without.contains(&name) {
            fs::write(path, "x").expect("arquivo");
        }
    }
    dir
}

fn check(dir: &tempfile::TempDir, target: &str) -> Result<(), String> {
    inspect(dir.path(), target, || Some(VERSION.to_owned()))
}

#[test]
fn a_complete_library_serves() {
    assert_eq!(check(&libdir(&[]), "wasm32-wasip1"), Ok(()));
}

#[test]
fn an_absent_library_is_not_installed() {
    let reason = inspect(Path::new("/nao/existe"), "wasm32-wasip1", || None);
    assert_eq!(reason, Err("não está instalada".to_owned()));
}

#[test]
fn half_a_library_is_noticed() {
    let reason = check(&libdir(&["libstd-0123.rlib"]), "wasm32-wasip1");
    assert_eq!(reason, Err("está pela metade (falta libstd)".to_owned()));
    let dir = libdir(&[]);
    fs::write(dir.path().join("libtest-0123.rlib"), "").expect("arquivo vazio");
    assert_eq!(check(&dir, "wasm32-wasip1"), Err("está pela metade (falta libtest)".to_owned()));
}

#[test]
fn only_wasi_needs_a_libc() {
    let dir = libdir(&["libc.a"]);
    assert_eq!(check(&dir, "wasm32-wasip1"), Err("está pela metade (falta self-contained/libc.a)".to_owned()));
    assert_eq!(check(&dir, "wasm32-unknown-unknown"), Ok(()));
}

#[test]
fn a_library_of_another_version_does_not_serve() {
    let dir = libdir(&[]);
    fs::write(dir.path().join(BUILT_BY), format!("{VERSION}\n")).expect("versão");
    assert_eq!(check(&dir, "wasm32-wasip1"), Ok(()));
    fs::write(dir.path().join(BUILT_BY), "rustc 1.85.0\n").expect("versão");
    assert_eq!(check(&dir, "wasm32-wasip1"), Err("foi compilada por outra versão (rustc 1.85.0)".to_owned()));
}

fn compiler(sysroot: &str, origin: Origin) -> Compiler {
    let bin = Path::new(sysroot).join("bin");
    Compiler { rustc: bin.join("rustc"), cargo: bin.join("cargo"), sysroot: sysroot.into(), origin }
}

fn lack(compiler: &Compiler) -> Vec<Lack> {
    vec![Lack { rustc: compiler.rustc.clone(), target: TARGETS[0], reason: "não está instalada".to_owned() }]
}

#[test]
fn the_active_compiler_is_preferred() {
    let both = vec![compiler("/rustup", Origin::Active), compiler("/usr", Origin::System)];
    let chosen = choose(both, |_| Vec::new()).expect("um compilador");
    assert_eq!(chosen.compiler.origin, Origin::Active);
}

#[test]
fn the_system_compiler_serves_when_the_active_one_lacks_a_target() {
    let both = vec![compiler("/rustup", Origin::Active), compiler("/usr", Origin::System)];
    let lacks = |c: &Compiler| if c.origin == Origin::Active { lack(c) } else { Vec::new() };
    assert_eq!(choose(both, lacks).expect("um compilador").compiler.origin, Origin::System);
}

#[test]
fn the_error_says_what_is_missing_and_what_to_run() {
    let error = choose(vec![compiler("/usr", Origin::System)], lack).expect_err("não serve");
    let text = error.to_string();
    assert!(text.contains("wasm32-wasip1 em "), "{text}");
    assert!(text.contains("não está instalada"), "{text}");
    assert!(text.ends_with("rode `cargo xtask setup`"), "{text}");
    assert_eq!(choose(Vec::new(), lack), Err(MissingToolchain::NoRustc));
}

#[test]
fn two_compilers_never_share_a_target_folder() {
    let dir = |origin| WasmToolchain { compiler: compiler("/x", origin) }.target_dir(Path::new("curso"));
    assert_ne!(dir(Origin::Active), dir(Origin::System));
    assert!(dir(Origin::System).starts_with("curso"));
}

#[test]
fn the_command_forgets_what_would_choose_another_compiler() {
    let command = WasmToolchain { compiler: compiler("/usr", Origin::System) }.cargo();
    let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
    assert!(removed.contains(&std::ffi::OsStr::new("RUSTUP_TOOLCHAIN")));
    assert!(!removed.contains(&std::ffi::OsStr::new("RUSTFLAGS")));
    let rustc = command.get_envs().find(|(name, _)| *name == "RUSTC").and_then(|(_, value)| value);
    assert_eq!(rustc, Some(Path::new("/usr").join("bin").join("rustc").as_os_str()));
}
