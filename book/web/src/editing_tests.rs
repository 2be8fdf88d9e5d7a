use super::*;

fn disk(source: &str) -> OnDisk {
    OnDisk { source: source.into(), hash: format!("#{source}") }
}

fn opened(source: &str) -> Editing {
    let mut editing = Editing::default();
    editing.apply(Event::Loaded(disk(source), None));
    editing
}

fn typed(source: &str, text: &str) -> Editing {
    let mut editing = opened(source);
    editing.apply(Event::Typed(text.into()));
    editing
}

#[test]
fn opening_shows_the_disk_and_is_clean() {
    let mut editing = Editing::default();
    let effects = editing.apply(Event::Loaded(disk("a"), None));
    assert_eq!(effects[0], Effect::SetText("a".into()));
    assert!(!editing.is_dirty());
}

#[test]
fn typing_keeps_a_draft_with_its_base_and_undoing_clears_it() {
    let mut editing = opened("a");
    let effects = editing.apply(Event::Typed("b".into()));
    assert_eq!(effects, [Effect::StoreDraft(Draft { base_hash: "#a".into(), source: "b".into() })]);
    assert!(editing.is_dirty());
    assert_eq!(editing.apply(Event::Typed("a".into())), [Effect::ClearDraft]);
    assert!(!editing.is_dirty());
}

#[test]
fn saving_sends_the_base_hash_and_ends_clean() {
    let mut editing = typed("a", "b");
    assert_eq!(editing.apply(Event::SaveRequested), [Effect::Put { source: "b".into(), base_hash: "#a".into() }]);
    assert!(editing.is_saving());
    let effects = editing.apply(Event::Saved { hash: "#b".into() });
    assert_eq!(effects[0], Effect::ClearDraft);
    assert!(!editing.is_dirty() && !editing.is_saving());
    assert_eq!(editing.hash(), Some("#b"));
}

#[test]
fn saving_a_clean_text_does_nothing() {
    assert!(opened("a").apply(Event::SaveRequested).is_empty());
}

#[test]
fn a_second_save_waits_for_the_first() {
    let mut editing = typed("a", "b");
    editing.apply(Event::SaveRequested);
    assert!(editing.apply(Event::SaveRequested).is_empty());
}

#[test]
fn what_was_typed_while_saving_stays_unsaved_over_the_new_base() {
    let mut editing = typed("a", "b");
    editing.apply(Event::SaveRequested);
    editing.apply(Event::Typed("bc".into()));
    let effects = editing.apply(Event::Saved { hash: "#b".into() });
    assert!(editing.is_dirty());
    assert_eq!(effects[0], Effect::StoreDraft(Draft { base_hash: "#b".into(), source: "bc".into() }));
}

#[test]
fn a_clean_editor_follows_the_disk() {
    let mut editing = opened("a");
    let effects = editing.apply(Event::DiskChanged(disk("x")));
    assert_eq!(effects[0], Effect::SetText("x".into()));
    assert!(!editing.is_dirty() && !editing.in_conflict());
}

#[test]
fn a_dirty_editor_is_asked_and_keeps_its_text() {
    let mut editing = typed("a", "b");
    let effects = editing.apply(Event::DiskChanged(disk("x")));
    assert!(effects.contains(&Effect::ShowConflict { mine: "b".into(), disk: "x".into() }));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::SetText(_))));
    assert!(editing.in_conflict());
    assert!(editing.apply(Event::SaveRequested).is_empty(), "em conflito não se salva");
}

#[test]
fn keeping_mine_saves_over_the_version_that_was_shown() {
    let mut editing = typed("a", "b");
    editing.apply(Event::SaveRequested);
    editing.apply(Event::SaveConflicted(disk("x")));
    let effects = editing.apply(Event::KeepMine);
    assert!(effects.contains(&Effect::Put { source: "b".into(), base_hash: "#x".into() }));
    assert!(!editing.in_conflict());
}

#[test]
fn taking_the_disk_replaces_the_text_and_the_draft() {
    let mut editing = typed("a", "b");
    editing.apply(Event::DiskChanged(disk("x")));
    let effects = editing.apply(Event::TakeDisk);
    assert_eq!(
        effects,
        [Effect::SetText("x".into()), Effect::HideConflict, Effect::ClearDraft, Effect::Notice(Notice::None)]
    );
    assert!(!editing.is_dirty() && !editing.in_conflict());
}

#[test]
fn the_echo_of_our_own_save_is_not_a_conflict() {
    let mut editing = typed("a", "b");
    editing.apply(Event::SaveRequested);
    editing.apply(Event::Typed("bc".into()));
    assert!(editing.apply(Event::DiskChanged(disk("b"))).is_empty());
    editing.apply(Event::Saved { hash: "#b".into() });
    assert!(editing.apply(Event::DiskChanged(disk("b"))).is_empty());
    assert!(!editing.in_conflict());
}

#[test]
fn the_same_text_on_both_sides_is_no_conflict() {
    let mut editing = typed("a", "b");
    editing.apply(Event::DiskChanged(disk("b")));
    assert!(!editing.in_conflict() && !editing.is_dirty());
}

#[test]
fn a_newer_disk_during_a_conflict_is_the_one_shown() {
    let mut editing = typed("a", "b");
    editing.apply(Event::DiskChanged(disk("x")));
    let effects = editing.apply(Event::DiskChanged(disk("y")));
    assert!(effects.contains(&Effect::ShowConflict { mine: "b".into(), disk: "y".into() }));
    let effects = editing.apply(Event::KeepMine);
    assert!(effects.contains(&Effect::Put { source: "b".into(), base_hash: "#y".into() }));
}

#[test]
fn a_draft_over_the_same_base_comes_back_with_a_notice() {
    let mut editing = Editing::default();
    let draft = Draft { base_hash: "#a".into(), source: "b".into() };
    let effects = editing.apply(Event::Loaded(disk("a"), Some(draft)));
    assert_eq!(effects[0], Effect::SetText("b".into()));
    assert_eq!(effects[1], Effect::Notice(Notice::DraftRestored));
    assert!(editing.is_dirty() && !editing.in_conflict());
}

#[test]
fn a_draft_over_another_base_comes_back_as_a_conflict() {
    let mut editing = Editing::default();
    let draft = Draft { base_hash: "#velha".into(), source: "b".into() };
    let effects = editing.apply(Event::Loaded(disk("a"), Some(draft)));
    assert!(editing.in_conflict());
    assert!(effects.contains(&Effect::ShowConflict { mine: "b".into(), disk: "a".into() }));
}

#[test]
fn a_draft_kept_during_a_conflict_asks_again_after_a_reload() {
    let mut editing = typed("a", "b");
    editing.apply(Event::DiskChanged(disk("x")));
    let effects = editing.apply(Event::Typed("bc".into()));
    let [Effect::StoreDraft(draft)] = effects.as_slice() else {
        panic!("esperava um rascunho, veio {effects:?}");
    };
    let draft = Draft::parse(&draft.to_json());
    let mut reloaded = Editing::default();
    reloaded.apply(Event::Loaded(disk("x"), draft));
    assert!(reloaded.in_conflict());
}

#[test]
fn a_draft_equal_to_the_disk_is_forgotten() {
    let mut editing = Editing::default();
    let draft = Draft { base_hash: "#velha".into(), source: "a".into() };
    let effects = editing.apply(Event::Loaded(disk("a"), Some(draft)));
    assert!(effects.contains(&Effect::ClearDraft));
    assert!(!editing.is_dirty());
}

#[test]
fn a_failed_save_keeps_the_text_and_can_be_tried_again() {
    let mut editing = typed("a", "b");
    editing.apply(Event::SaveRequested);
    editing.apply(Event::SaveFailed("disco cheio".into()));
    assert!(editing.is_dirty());
    assert_eq!(editing.apply(Event::SaveRequested).len(), 1);
}

#[test]
fn a_corrupt_draft_is_no_draft() {
    assert_eq!(Draft::parse("{"), None);
    assert_eq!(Draft::parse(r#"{"source":1}"#), None);
}
