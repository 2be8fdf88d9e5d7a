use super::*;

const VERSION: &str = "rustc 1.96.0 (ac68faa20 2026-05-25)";

/// Uma pasta `deps` como o cargo a deixa, e o lugar da biblioteca de um alvo sem libc.
fn machine() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().expect("pasta temporária");
    let deps = dir.path().join("deps");
    fs::create_dir(&deps).expect("deps");
    for name in ["core", "compiler_builtins", "alloc", "std", "panic_abort", "test", EMPTY_CRATE] {
        for extension in ["rlib", "rmeta"] {
            fs::write(deps.join(format!("lib{name}-0a.{extension}")), "x").expect("biblioteca");
        }
    }
    let libdir = dir.path().join("rustlib").join("wasm32-unknown-unknown").join("lib");
    (dir, deps, libdir)
}

fn run(deps: &Path, libdir: &Path) -> Result<()> {
    place(deps, "wasm32-unknown-unknown", VERSION, libdir, |_| Ok(()))
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("pasta");
    let mut names: Vec<_> = entries.map(|e| e.expect("entrada").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn only_the_library_is_installed() {
    let (_dir, deps, libdir) = machine();
    run(&deps, &libdir).expect("instala");
    let names = names(&libdir);
    assert_eq!(names.len(), 7, "{names:?}");
    assert!(names.contains(&BUILT_BY.to_owned()));
    assert!(!names.iter().any(|name| name.contains(EMPTY_CRATE) || name.ends_with(".rmeta")));
}

#[test]
fn what_an_interrupted_installation_left_is_replaced() {
    let (_dir, deps, libdir) = machine();
    for leftover in ["lib", "lib.new", "lib.old"] {
        let path = libdir.with_file_name(leftover);
        fs::create_dir_all(&path).expect("resto");
        fs::write(path.join("libcore-velha.rlib"), "x").expect("resto");
    }
    run(&deps, &libdir).expect("instala");
    assert_eq!(names(libdir.parent().expect("pai")), ["lib"]);
    assert!(!names(&libdir).contains(&"libcore-velha.rlib".to_owned()));
}

#[test]
fn a_failed_preparation_leaves_the_place_untouched() {
    let (_dir, deps, libdir) = machine();
    let result = place(&deps, "wasm32-unknown-unknown", VERSION, &libdir, |_| Err(anyhow!("sem libc")));
    assert!(result.is_err());
    assert!(!libdir.exists());
}

#[test]
fn an_incomplete_build_is_never_installed() {
    let (_dir, deps, libdir) = machine();
    fs::remove_file(deps.join("libtest-0a.rlib")).expect("apaga");
    let error = run(&deps, &libdir).expect_err("incompleta").to_string();
    assert!(error.contains("falta libtest"), "{error}");
    assert!(!libdir.exists());
}

#[test]
fn the_llvm_version_is_read_from_rustc() {
    assert_eq!(llvm_major("rustc 1.96.0\nrelease: 1.96.0\nLLVM version: 22.1.8\n"), Some(22));
    assert_eq!(llvm_major("rustc 1.96.0\n"), None);
}

#[test]
fn only_work_of_the_same_compiler_is_reused() {
    let (dir, _, _) = machine();
    let work = dir.path().join("work");
    keep_only(&work, VERSION).expect("começa");
    let object = work.join("pronto.rlib");
    fs::write(&object, "x").expect("trabalho");
    keep_only(&work, VERSION).expect("repete");
    assert!(object.exists());
    keep_only(&work, "rustc 1.97.0").expect("troca");
    assert!(!object.exists());
}
