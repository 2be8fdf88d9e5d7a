//! O Ace que o mdBook já põe em toda página (`playground.editable`), pela parte dele que usamos.

use std::cell::RefCell;

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{HtmlElement, MutationObserver, MutationObserverInit};

use super::super::dom;
use crate::compiler::{Diagnostic, Level, Range};

#[wasm_bindgen]
extern "C" {
    type AceEditor;
    #[wasm_bindgen(js_namespace = ace, js_name = edit, catch)]
    fn edit(host: &HtmlElement) -> Result<AceEditor, JsValue>;
    #[wasm_bindgen(js_namespace = ace, js_name = require, catch)]
    fn require(module: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, js_name = getValue)]
    fn value(this: &AceEditor) -> String;
    #[wasm_bindgen(method, js_name = getSession)]
    fn session(this: &AceEditor) -> AceSession;
    #[wasm_bindgen(method, js_name = setOptions)]
    fn set_options(this: &AceEditor, options: &JsValue);
    #[wasm_bindgen(method, js_name = setTheme)]
    fn set_theme(this: &AceEditor, theme: &str);
    #[wasm_bindgen(method, js_name = setReadOnly)]
    fn set_read_only(this: &AceEditor, read_only: bool);
    #[wasm_bindgen(method, js_name = getCursorPosition)]
    fn cursor(this: &AceEditor) -> JsValue;
    #[wasm_bindgen(method, js_name = moveCursorToPosition)]
    fn move_cursor(this: &AceEditor, position: &JsValue);
    #[wasm_bindgen(method, js_name = clearSelection)]
    fn clear_selection(this: &AceEditor);
    #[wasm_bindgen(method, js_name = gotoLine)]
    fn go_to_line(this: &AceEditor, line: u32, column: u32, animate: bool);
    #[wasm_bindgen(method)]
    fn on(this: &AceEditor, event: &str, listener: &Function);
    #[wasm_bindgen(method, getter, js_name = textInput)]
    fn text_input(this: &AceEditor) -> JsValue;
    #[wasm_bindgen(method)]
    fn resize(this: &AceEditor, force: bool);

    type AceSession;
    #[wasm_bindgen(method, js_name = setMode)]
    fn set_mode(this: &AceSession, mode: &str);
    #[wasm_bindgen(method, js_name = setValue)]
    fn set_value(this: &AceSession, text: &str);
    #[wasm_bindgen(method, getter)]
    fn doc(this: &AceSession) -> AceDocument;
    #[wasm_bindgen(method, js_name = getScrollTop)]
    fn scroll_top(this: &AceSession) -> f64;
    #[wasm_bindgen(method, js_name = setScrollTop)]
    fn set_scroll_top(this: &AceSession, top: f64);
    #[wasm_bindgen(method, js_name = setAnnotations)]
    fn set_annotations(this: &AceSession, annotations: &Array);
    #[wasm_bindgen(method, js_name = addMarker)]
    fn add_marker(this: &AceSession, range: &JsValue, class: &str, kind: &str, in_front: bool) -> u32;
    #[wasm_bindgen(method, js_name = removeMarker)]
    fn remove_marker(this: &AceSession, id: u32);

    type AceDocument;
    #[wasm_bindgen(method, js_name = setValue)]
    fn set_value(this: &AceDocument, text: &str);
}

pub struct Ace {
    editor: AceEditor,
    markers: RefCell<Vec<u32>>,
    /// Antes do primeiro texto não há nada a que desfazer.
    filled: std::cell::Cell<bool>,
}

impl Ace {
    /// `None` quando a página não tem o Ace.
    pub fn open(host: &HtmlElement) -> Option<Self> {
        if !Reflect::get(&dom::window(), &"ace".into()).is_ok_and(|ace| ace.is_object()) {
            return None;
        }
        let editor = edit(host).ok()?;
        let options = Object::new();
        let set = |name: &str, value: JsValue| {
            let _ = Reflect::set(&options, &name.into(), &value);
        };
        set("minLines", 12.into());
        set("maxLines", lines_that_fit().into());
        set("showPrintMargin", false.into());
        set("fontSize", "0.875em".into());
        set("tabSize", 4.into());
        set("useSoftTabs", true.into());
        set("useWorker", false.into());
        set("scrollPastEnd", 0.into());
        editor.set_options(&options);
        editor.session().set_mode("ace/mode/rust");
        let ace = Self { editor, markers: RefCell::new(Vec::new()), filled: std::cell::Cell::new(false) };
        ace.follow_theme();
        Some(ace)
    }

    /// O campo escondido em que o Ace recebe o teclado.
    pub fn input(&self) -> Option<HtmlElement> {
        let input = self.editor.text_input();
        let get: Function = Reflect::get(&input, &"getElement".into()).ok()?.dyn_into().ok()?;
        get.call0(&input).ok()?.dyn_into().ok()
    }

    pub fn text(&self) -> String {
        self.editor.value()
    }

    pub fn set_text(&self, text: &str) {
        let session = self.editor.session();
        if !self.filled.replace(true) {
            // Esvazia também o histórico: desfazer não pode apagar o arquivo.
            session.set_value(text);
            return;
        }
        let (cursor, scroll) = (self.editor.cursor(), session.scroll_top());
        session.doc().set_value(text);
        self.editor.move_cursor(&cursor);
        self.editor.clear_selection();
        session.set_scroll_top(scroll);
    }

    pub fn set_read_only(&self, read_only: bool) {
        self.editor.set_read_only(read_only);
    }

    pub fn on_change(&self, listener: impl Fn() + 'static) {
        let closure = Closure::<dyn FnMut()>::new(listener);
        self.editor.on("change", closure.as_ref().unchecked_ref());
        closure.forget();
    }

    pub fn go_to(&self, range: Range) {
        self.editor.go_to_line(range.start_row + 1, range.start_column, false);
    }

    pub fn mark<'a>(&self, diagnostics: impl Iterator<Item = &'a Diagnostic>, text: &str) {
        let session = self.editor.session();
        for marker in self.markers.take() {
            session.remove_marker(marker);
        }
        let annotations = Array::new();
        for diagnostic in diagnostics {
            let range = diagnostic.range(text);
            let (kind, class) = match diagnostic.level {
                Level::Error => ("error", "editor-erro"),
                Level::Warning => ("warning", "editor-aviso-codigo"),
            };
            let annotation = Object::new();
            let set = |name: &str, value: JsValue| {
                let _ = Reflect::set(&annotation, &name.into(), &value);
            };
            set("row", range.start_row.into());
            set("column", range.start_column.into());
            set("text", diagnostic.message.as_str().into());
            set("type", kind.into());
            annotations.push(&annotation);
            if let Some(area) = ace_range(range) {
                self.markers.borrow_mut().push(session.add_marker(&area, class, "text", true));
            }
        }
        session.set_annotations(&annotations);
    }

    /// O Ace acompanha o tema do livro, que é uma classe em `<html>`.
    fn follow_theme(&self) {
        let Some(root) = dom::document().document_element() else { return };
        let editor: AceEditor = AsRef::<JsValue>::as_ref(&self.editor).clone().unchecked_into();
        let (html, shown) = (root.clone(), RefCell::new(""));
        let apply = move || {
            let classes = html.class_list();
            let dark = ["coal", "navy", "ayu"].iter().any(|theme| classes.contains(theme));
            let theme = if dark { "ace/theme/tomorrow_night" } else { "ace/theme/dawn" };
            if shown.replace(theme) != theme {
                editor.set_theme(theme);
                editor.resize(true);
            }
        };
        apply();
        let closure = Closure::<dyn FnMut()>::new(apply);
        if let Ok(observer) = MutationObserver::new(closure.as_ref().unchecked_ref()) {
            let options = MutationObserverInit::new();
            options.set_attributes(true);
            options.set_attribute_filter(&Array::of1(&"class".into()));
            let _ = observer.observe_with_options(&root, &options);
        }
        closure.forget();
    }
}

fn ace_range(range: Range) -> Option<JsValue> {
    let constructor: Function = Reflect::get(&require("ace/range").ok()?, &"Range".into()).ok()?.dyn_into().ok()?;
    // Um trecho vazio não se vê: vira um caractere.
    let same = range.start_row == range.end_row && range.end_column <= range.start_column;
    let end = if same { range.start_column + 1 } else { range.end_column };
    let args = Array::of(&[range.start_row.into(), range.start_column.into(), range.end_row.into(), end.into()]);
    Reflect::construct(&constructor, &args).ok()
}

/// Metade da janela: o botão e os primeiros testes ficam à vista junto com o código.
fn lines_that_fit() -> u32 {
    const LINE: f64 = 21.0;
    let height = dom::window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    (height * 0.5 / LINE).clamp(14.0, 32.0) as u32
}
