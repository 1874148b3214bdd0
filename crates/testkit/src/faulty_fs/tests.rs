use super::*;

const DIR: &str = "d";

fn fs_with(name: &str, contents: &[u8]) -> (FaultyFs, FaultyFile) {
    let fs = FaultyFs::new();
    fs.create_dir(Path::new(DIR));
    let file = fs.create(&path(name)).unwrap();
    assert_eq!(file.write_at(contents, 0).unwrap(), contents.len());
    (fs, file)
}

fn path(name: &str) -> PathBuf {
    Path::new(DIR).join(name)
}

/// What the file looks like after a crash, over many seeds.
fn after_crash(make: impl Fn() -> FaultyFs) -> BTreeSet<Option<Vec<u8>>> {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let fs = make();
        fs.crash(seed);
        seen.insert(fs.open(&path("a")).is_ok().then(|| fs.contents(&path("a"))));
    }
    seen
}

#[test]
fn synced_contents_and_name_survive_every_crash() {
    let seen = after_crash(|| {
        let (fs, file) = fs_with("a", b"kept");
        file.sync_data().unwrap();
        fs.sync_dir(Path::new(DIR)).unwrap();
        fs
    });
    assert_eq!(seen, BTreeSet::from([Some(b"kept".to_vec())]));
}

#[test]
fn a_synced_file_without_a_synced_name_can_be_lost() {
    let seen = after_crash(|| {
        let (fs, file) = fs_with("a", b"kept");
        file.sync_data().unwrap();
        fs
    });
    assert_eq!(seen, BTreeSet::from([None, Some(b"kept".to_vec())]));
}

#[test]
fn unsynced_contents_survive_whole_torn_or_not_at_all() {
    let seen = after_crash(|| {
        let (fs, _) = fs_with("a", &[7; 1024]);
        fs.sync_dir(Path::new(DIR)).unwrap();
        fs
    });
    assert!(seen.contains(&Some(Vec::new())));
    assert!(seen.contains(&Some(vec![7; 1024])));
    assert!(
        seen.contains(&Some([vec![0; 512], vec![7; 512]].concat())),
        "a later sector without an earlier one"
    );
    assert!(
        seen.iter()
            .flatten()
            .any(|contents| contents.len() % 512 != 0),
        "a torn end"
    );
}

#[test]
fn an_unsynced_removal_can_come_back() {
    let seen = after_crash(|| {
        let (fs, file) = fs_with("a", b"x");
        file.sync_data().unwrap();
        fs.sync_dir(Path::new(DIR)).unwrap();
        fs.remove(&path("a")).unwrap();
        fs
    });
    assert_eq!(seen, BTreeSet::from([None, Some(b"x".to_vec())]));
}

#[test]
fn an_unsynced_rename_can_be_undone_but_the_file_is_under_one_name() {
    for seed in 0..50 {
        let (fs, file) = fs_with("a", b"x");
        file.sync_data().unwrap();
        fs.sync_dir(Path::new(DIR)).unwrap();
        fs.rename(&path("a"), &path("b")).unwrap();
        fs.crash(seed);
        assert_eq!(fs.paths().len(), 1, "seed {seed}");
    }
}

#[test]
fn what_a_failed_sync_lost_is_seen_until_the_crash_and_no_later_sync_saves_it() {
    let (fs, file) = fs_with("a", b"first");
    fs.sync_dir(Path::new(DIR)).unwrap();
    fs.fail_sync(1);
    file.sync_data().unwrap_err();
    file.write_at(b"second", 5).unwrap();
    file.sync_data().unwrap();
    assert_eq!(fs.contents(&path("a")), b"firstsecond");
    fs.crash(0);
    assert_eq!(fs.contents(&path("a")), b"\0\0\0\0\0second");
}

#[test]
fn a_full_disk_takes_what_fits_and_then_fails_until_space_is_given_back() {
    let (fs, file) = fs_with("a", b"1234");
    fs.set_space_left(Some(3));
    assert_eq!(file.write_at(b"abcdef", 2).unwrap(), 5);
    let error = file.write_at(b"x", 7).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    file.set_len(6).unwrap();
    assert_eq!(file.write_at(b"x", 6).unwrap(), 1);
}

#[test]
fn handles_die_with_the_process() {
    let (fs, file) = fs_with("a", b"x");
    fs.kill();
    file.write_at(b"y", 0).unwrap_err();
    assert_eq!(fs.contents(&path("a")), b"x");
}
