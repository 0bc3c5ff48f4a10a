use super::*;

#[test]
fn only_the_own_user_and_root_are_believed_and_nobody_else_may_write() {
    let guard = |writers| Guard::of_user(1000, writers, "x");
    let strict = guard(Writers::Owner);
    for owner in [0, 1000] {
        for bits in [0o600, 0o644, 0o755, 0o1755, 0o2755] {
            assert_eq!(strict.mistrust(owner, bits), None, "{owner} {bits:o}");
        }
        for bits in [0o620, 0o602, 0o666, 0o1777] {
            assert!(strict.mistrust(owner, bits).is_some(), "{owner} {bits:o}");
        }
        assert_eq!(guard(Writers::Group).mistrust(owner, 0o664), None);
        assert!(guard(Writers::Group).mistrust(owner, 0o646).is_some());
        assert_eq!(strict.mistrust_on_the_way(owner, 0o1777), None);
        assert!(strict.mistrust_on_the_way(owner, 0o777).is_some());
    }
    for writers in [Writers::Owner, Writers::Group] {
        assert_eq!(guard(writers).mistrust(1001, 0o600).unwrap(), "belongs to user 1001");
        assert!(guard(writers).mistrust_on_the_way(1001, 0o1755).is_some());
    }
}
