use super::*;

fn search(variables: &[(&str, &str)], path: &[&str], files: &[&str]) -> Result<Browser, MissingBrowser> {
    let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value));
    let in_path = |name: &str| path.contains(&name).then(|| Path::new("/bin").join(name));
    let exists = |file: &Path| files.iter().any(|f| Path::new(f) == file);
    Search { variable: &variable, in_path: &in_path, exists: &exists }.browser()
}

#[test]
fn the_path_is_searched_for_any_of_the_names() {
    let found = search(&[], &["google-chrome", "chromedriver"], &[]).expect("navegador");
    assert_eq!(found.chrome, Path::new("/bin/google-chrome"));
    assert_eq!(found.driver, Path::new("/bin/chromedriver"));
}

#[test]
fn variables_win_over_the_path() {
    let found = search(&[("CHROME", "/meu/chrome")], &["chromium", "chromedriver"], &["/meu/chrome"]);
    assert_eq!(found.expect("navegador").chrome, Path::new("/meu/chrome"));
}

#[test]
fn a_wrong_variable_is_an_error_and_not_a_fallback() {
    let error = search(&[("CHROMEDRIVER", "/sumiu")], &["chromium", "chromedriver"], &[]);
    assert_eq!(error, Err(MissingBrowser::Override("CHROMEDRIVER", PathBuf::from("/sumiu"))));
}

#[test]
fn each_system_has_its_usual_places() {
    let mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    assert_eq!(search(&[], &["chromedriver"], &[mac]).expect("macOS").chrome, Path::new(mac));
    let debian = "/usr/lib/chromium/chromedriver";
    assert_eq!(search(&[], &["chromium"], &[debian]).expect("Debian").driver, Path::new(debian));
    let windows = Path::new("C:").join("Google").join("Chrome").join("Application").join("chrome.exe");
    let windows = windows.to_str().expect("UTF-8");
    let found = search(&[("ProgramFiles", "C:")], &["chromedriver"], &[windows]).expect("Windows");
    assert_eq!(found.chrome, Path::new(windows));
}

#[test]
fn each_missing_half_has_its_own_message() {
    assert_eq!(search(&[], &["chromedriver"], &[]), Err(MissingBrowser::Chrome));
    assert_eq!(search(&[], &["chromium"], &[]), Err(MissingBrowser::Driver));
    assert!(MissingBrowser::Driver.to_string().contains("cargo xtask setup --browser"));
}

#[test]
fn the_version_is_read_from_any_of_the_programs() {
    let text = "Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)\n";
    assert_eq!(version_in(text).as_deref(), Some("156.0.8078.79"));
    assert_eq!(version_in("ChromeDriver 156.0.8078.79 (abc)").as_deref(), Some("156.0.8078.79"));
    assert_eq!(version_in("sem versão"), None);
}

#[test]
fn only_the_major_version_has_to_match() {
    assert_eq!(Browser::mismatch(Some("156.0.1.2"), Some("156.0.9.9")), None);
    assert_eq!(Browser::mismatch(None, Some("156.0.9.9")), None);
    assert!(Browser::mismatch(Some("155.0.1.2"), Some("156.0.9.9")).is_some());
}
