use super::*;

const EVEN: u64 = 2;

/// Runs a Python program on the disk, which ends it by a kill.
struct Ground {
    disk: FaultyDisk,
    dir: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(&dir.path().join("data"), &dir.path().join("disk"));
        Self { disk, dir }
    }

    fn run(&self, program: &str) -> String {
        let text = format!(
            "import os, errno\nos.chdir('/')\nR = {:?}\n\
             def put(name, text, sync=False, at=0, flags=os.O_CREAT | os.O_WRONLY):\n\
             \x20   f = os.open(R + '/' + name, flags)\n\
             \x20   n = os.pwrite(f, text.encode(), at)\n\
             \x20   if sync: os.fsync(f)\n\
             \x20   return n\n\
             def sync(name=''): os.fsync(os.open(R + '/' + name, os.O_RDONLY))\n\
             {program}\n",
            self.disk.root.display().to_string()
        );
        let output = Command::new("python3")
            .args(["-c", &text])
            .envs(self.disk.env())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.dir.path().join("data").join(name)).ok()
    }
}

#[test]
fn contents_need_a_sync_of_the_file_and_names_one_of_the_folder() {
    let ground = Ground::new();
    ground.run(
        "put('both', 'one', True)\nput('name', 'one')\nsync()\n\
         put('both', 'twothree')\nput('late', 'one', True)\nput('neither', 'one')",
    );
    let lost = ground.disk.lose_power(EVEN).unwrap();
    assert_eq!(ground.read("both").as_deref(), Some("one"));
    assert_eq!(ground.read("name").as_deref(), Some(""));
    assert_eq!(ground.read("late"), None);
    assert_eq!(ground.read("neither"), None);
    assert_eq!(
        lost,
        Lost {
            changes: 3,
            names: 2
        }
    );
}

#[test]
fn cuts_removals_and_renames_are_taken_back_until_they_are_synced() {
    let ground = Ground::new();
    ground.run(
        "for name in 'abcd': put(name, name * 9, True)\nsync()\n\
         os.ftruncate(os.open(R + '/a', os.O_RDWR), 2)\nos.unlink(R + '/b')\nos.rename(R + '/c', R + '/d')",
    );
    ground.disk.lose_power(EVEN).unwrap();
    for name in ["a", "b", "c", "d"] {
        assert_eq!(ground.read(name), Some(name.repeat(9)), "{name}");
    }
    ground.run("os.unlink(R + '/b')\nos.rename(R + '/c', R + '/d')\nsync()\nput('a', '', flags=os.O_WRONLY | os.O_TRUNC)");
    ground.disk.lose_power(EVEN).unwrap();
    assert_eq!(ground.read("a"), Some("a".repeat(9)));
    assert_eq!(ground.read("b"), None);
    assert_eq!(ground.read("c"), None);
    assert_eq!(ground.read("d"), Some("c".repeat(9)));
}

#[test]
fn a_folder_that_was_not_synced_takes_its_files_along() {
    let ground = Ground::new();
    ground.run(
        "os.mkdir(R + '/day')\nput('day/file', 'one', True)\nsync('day')\n\
         os.mkdir(R + '/kept')\nput('kept/file', 'one', True)\nsync('kept')\nsync()\nos.mkdir(R + '/late')\nput('late/file', 'one', True)\nsync('late')",
    );
    ground.disk.lose_power(EVEN).unwrap();
    assert_eq!(ground.read("kept/file").as_deref(), Some("one"));
    assert_eq!(ground.read("day/file").as_deref(), Some("one"));
    assert_eq!(ground.read("late/file"), None);
}

#[test]
fn an_odd_seed_keeps_the_beginning_of_what_was_not_synced() {
    let ground = Ground::new();
    let mut lengths = std::collections::BTreeSet::new();
    for seed in (1..60).step_by(2) {
        ground.run(&format!(
            "put('a{seed}', '', True)\nsync()\nfor at in range(4): put('a{seed}', 'x', at=at)"
        ));
        ground.disk.lose_power(seed).unwrap();
        lengths.insert(ground.read(&format!("a{seed}")).unwrap().len());
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_full_disk_takes_what_fits_and_gives_back_what_is_removed() {
    let ground = Ground::new();
    ground.disk.set_space_left(Some(5));
    let printed = ground.run(
        "print(put('a', '12345678'))\n\
         try: put('a', 'x', at=5)\nexcept OSError as error: print(error.errno == errno.ENOSPC)\n\
         print(put('a', 'y', at=2))\nos.unlink(R + '/a')",
    );
    assert_eq!(printed, "5\nTrue\n1\n");
    assert_eq!(ground.disk.space_left(), 5);
    ground.disk.set_space_left(None);
    ground.disk.set_short_writes(1);
    ground.disk.fail_syncs(1);
    let printed = ground.run(
        "print(put('b', '12345678'))\n\
         try: sync()\nexcept OSError as error: print(error.errno == errno.EIO)",
    );
    assert_eq!(printed, "4\nTrue\n");
}
