//! The first administrator, and the way back in, with the commands of the operator.

use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::server::{Answer, Server};

use crate::world::{World, binary};

const PASSWORD: &str = "a plain sentence";
const SETUP_LINE: &str = "create the first administrator: ";

fn admin(world: &World, arguments: &[&str]) -> Output {
    Command::new(binary())
        .arg("admin")
        .args(arguments)
        .arg("--data-dir")
        .arg(&world.start.data_dir)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn printed_setup_link(server: &Server) -> Option<String> {
    let mut lines = server.printed().iter();
    lines.find_map(|line| Some(line.strip_prefix(SETUP_LINE)?.to_owned()))
}

fn token_of(link: &str) -> &str {
    link.trim().split_once("?token=").unwrap().1
}

fn post(world: &World, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let body = body.to_string();
    world
        .server
        .post(path, "application/json", headers, body.as_bytes())
        .unwrap()
}

fn set_up(world: &World, link: &str) -> Answer {
    let token = token_of(link);
    let body =
        json!({ "token": token, "email": "ada@example.com", "name": "Ada", "password": PASSWORD });
    post(world, "/api/v1/setup", &[], &body)
}

fn sign_in(world: &World, password: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": "ada@example.com", "password": password });
    post(world, "/api/v1/session", headers, &body)
}

#[test]
fn a_start_without_members_prints_a_link_that_makes_the_first() {
    let mut world = World::new(&[]);
    let first = printed_setup_link(&world.server).unwrap();
    assert!(
        first.starts_with(&format!("{}/setup?token=", world.server.url())),
        "{first}"
    );
    let last = world.server.printed().last().unwrap();
    assert!(
        last.starts_with("ready on"),
        "the link comes before: {last}"
    );

    world.restart();
    let second = printed_setup_link(&world.server).unwrap();
    assert_ne!(first, second);
    assert_eq!(
        set_up(&world, &first).json()["code"],
        "link_invalid",
        "the older link is void"
    );
    let made = set_up(&world, &second);
    assert_eq!(
        (made.status, &made.json()["member"]["role"]),
        (200, &json!("owner"))
    );
    assert_eq!(set_up(&world, &second).json()["code"], "already_set_up");

    world.restart();
    assert_eq!(printed_setup_link(&world.server), None);
    assert_eq!(sign_in(&world, PASSWORD, &[]).status, 200);
}

#[test]
fn the_operator_makes_links_beside_the_running_server() {
    let world = World::new(&[("FOOTFALL_PUBLIC_URL", "https://rum.example.com/")]);
    let printed = printed_setup_link(&world.server).unwrap();
    assert!(
        printed.starts_with("https://rum.example.com/setup?token="),
        "{printed}"
    );
    assert!(stdout(&admin(&world, &["members"])).contains("no member yet"));
    let link = stdout(&admin(
        &world,
        &["reset-link", "--base-url", "http://host:1/"],
    ));
    let link = link.strip_prefix(SETUP_LINE).unwrap();
    assert!(link.starts_with("http://host:1/setup?token="), "{link}");
    assert_eq!(
        set_up(&world, &printed).json()["code"],
        "link_invalid",
        "replaced"
    );
    assert_eq!(set_up(&world, link).status, 200);
    let members = stdout(&admin(&world, &["members"]));
    assert!(
        members.starts_with("ada@example.com\towner\tAda\tlast seen 20"),
        "{members}"
    );

    let line = stdout(&admin(
        &world,
        &["reset-link", "--base-url", "http://host:1"],
    ));
    let link = line
        .strip_prefix("set a new password for ada@example.com within 1 h: ")
        .unwrap();
    assert!(link.starts_with("http://host:1/reset?token="), "{link}");
    let reset = |password: &str| {
        let body = json!({ "token": token_of(link), "password": password });
        post(&world, "/api/v1/password_reset", &[], &body)
    };
    assert_eq!(reset("short").json()["code"], "invalid_value");
    assert_eq!(
        reset("another sentence").status,
        200,
        "a refused password does not use it up"
    );
    assert_eq!(reset("another sentence").json()["code"], "link_invalid");
    assert_eq!(sign_in(&world, PASSWORD, &[]).status, 401);
    assert_eq!(sign_in(&world, "another sentence", &[]).status, 200);

    let unknown = admin(&world, &["reset-link", "--email", "bob@example.com"]);
    let message = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        !unknown.status.success() && message.contains("no member with the e-mail bob@example.com"),
        "{message}"
    );
}

#[test]
fn a_folder_without_a_server_is_refused_and_stays_empty() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(binary())
        .args(["admin", "members", "--data-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("there is no server's data in"),
        "{message}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_cookie_of_the_real_server_opens_it_and_is_secure_behind_https() {
    let world = World::new(&[]);
    set_up(&world, &printed_setup_link(&world.server).unwrap());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = |path: &str| format!("{}{path}", world.server.url());
    let body = json!({ "email": "ada@example.com", "password": PASSWORD }).to_string();
    let signed_in = agent
        .post(url("/api/v1/session"))
        .header("content-type", "application/json")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "rum.example.com")
        .header("origin", "https://rum.example.com")
        .send(body.as_bytes())
        .unwrap();
    assert_eq!(signed_in.status(), 200);
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.ends_with("HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let post = |headers: &[(&str, &str)]| {
        let mut request = agent
            .post(url("/api/v1/applications"))
            .header("content-type", "application/json")
            .header("cookie", cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(br#"{"name":"a"}"#).unwrap().status().as_u16()
    };
    assert_eq!(post(&[]), 403);
    assert_eq!(
        post(&[
            ("x-footfall-console", "1"),
            ("origin", "https://evil.example")
        ]),
        403
    );
    assert_eq!(
        post(&[("x-footfall-console", "1"), ("origin", &world.server.url())]),
        201
    );
}

#[test]
fn the_lock_after_wrong_passwords_outlives_a_restart() {
    let mut world = World::new(&[]);
    set_up(&world, &printed_setup_link(&world.server).unwrap());
    let from = |n: u8| format!("198.51.100.{n}");
    for n in 0..10 {
        let answer = sign_in(&world, "wrong", &[("x-forwarded-for", &from(n))]);
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    world.restart();
    let locked = sign_in(&world, PASSWORD, &[("x-forwarded-for", &from(11))]);
    assert_eq!(locked.status, 429);
    let retry_after_s = locked.json()["retry_after_s"].as_u64().unwrap();
    assert!((1..=60).contains(&retry_after_s), "{retry_after_s}");
}
