use std::io::{BufRead as _, BufReader};

use super::*;
use crate::Role;

#[test]
fn a_cluster_answers_is_killed_comes_back_and_goes() {
    let cluster = Cluster::start().unwrap();
    let (one, other) = (cluster.database().unwrap(), cluster.database().unwrap());
    assert_ne!(one.url(Role::App), other.url(Role::App));
    cluster.sql(&one, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (7)").unwrap();
    cluster.kill().unwrap();
    assert!(cluster.sql(&one, "SELECT n FROM kept").is_err());
    cluster.restart().unwrap();
    assert_eq!(cluster.sql(&one, "SELECT n FROM kept").unwrap(), "7");
    assert!(cluster.sql(&other, "SELECT n FROM kept").unwrap_err().to_string().contains("does not exist"));
    let roles = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'factor%' ORDER BY 1";
    assert_eq!(cluster.sql(&one, roles).unwrap(), "factor_app|f|f\nfactor_owner|f|f");
    let folder = cluster.folder.clone();
    drop(cluster);
    assert!(!folder.exists());
}

#[test]
#[ignore = "the process that is killed; it waits for 30 s at most"]
fn waits_with_a_cluster() {
    let cluster = Cluster::start().unwrap();
    println!("\nfolder {}", cluster.folder.display());
    thread::sleep(Duration::from_secs(30));
}

#[test]
fn a_killed_process_leaves_no_cluster() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cluster::tests::waits_with_a_cluster", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| Some(PathBuf::from(line.strip_prefix("folder ")?))).unwrap();
    assert!(folder.join("data/postmaster.pid").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    while folder.exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "{} is still there", folder.display());
        thread::sleep(Duration::from_millis(20));
    }
}
