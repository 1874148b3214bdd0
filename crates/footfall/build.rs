//! Embeds the console: `console/dist` as `npm run build` leaves it, each file compressed once here and not at every request.
//!
//! Without a built console the binary still builds, and says at `/` how to get one.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let manifest = PathBuf::from(var("CARGO_MANIFEST_DIR"));
    let dist = manifest.join("../../console/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(var("OUT_DIR"));
    let mut files = Vec::new();
    walk(&dist, &mut files);
    files.sort();
    let mut table = String::from("pub(super) const ASSETS: &[Asset] = &[\n");
    for (number, file) in files.iter().enumerate() {
        let packed = out.join(format!("asset-{number}.gz"));
        let content = fs::read(file).expect("a file of console/dist is readable");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder
            .write_all(&content)
            .and_then(|()| encoder.finish())
            .and_then(|bytes| fs::write(&packed, bytes))
            .expect("the output folder is writable");
        let path = file.strip_prefix(&dist).expect("walked from dist");
        let path = path.to_string_lossy().replace('\\', "/");
        let packed = packed.display().to_string();
        writeln!(
            table,
            "    Asset {{ path: {path:?}, gzip: include_bytes!({packed:?}) }},"
        )
        .expect("writing into memory does not fail");
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table).expect("the output folder is writable");
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn var(name: &str) -> String {
    std::env::var(name).expect("cargo sets it for build scripts")
}
