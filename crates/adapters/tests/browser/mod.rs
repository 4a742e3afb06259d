//! A headless Chromium, led by chromedriver over the WebDriver protocol (W3C).
//!
//! The client speaks as much of HTTP/1.1 as chromedriver needs, so that no test links more than JSON.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// How WebDriver names an element in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// A machine under load starts a browser slowly. Nothing waits this long unless something hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// One browser with one window; both programs end with the value.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// What this browser writes, and files that are given to it.
    pub folder: PathBuf,
}

impl Browser {
    /// Starts one, or says on standard error that none is installed.
    ///
    /// # Panics
    /// It does not start; or none is installed, and `FACTLOG_REQUIRE_BROWSER` is `1`.
    pub fn start() -> Option<Self> {
        let browser =
            ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(program);
        let (Some(browser), Some(driver)) = (browser, program("chromedriver")) else {
            let missing = "no Chromium with its driver is installed (apt-get install chromium chromium-driver)";
            let required = std::env::var_os("FACTLOG_REQUIRE_BROWSER").is_some_and(|v| v == "1");
            assert!(!required, "{missing}");
            eprintln!("SKIPPED: {missing}");
            return None;
        };
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("browser-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs");
        let words = BufReader::new(driver.stdout.take().unwrap());
        let port = words.lines().map_while(Result::ok).find_map(|line| {
            line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()
        });
        let Some(port) = port else {
            let _ = driver.kill();
            let _ = driver.wait();
            panic!("chromedriver names no port");
        };
        let mut this = Self { driver, port, session: String::new(), folder };
        let profile = this.folder.join("profile");
        let arguments = json!([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            format!("--user-data-dir={}", profile.display()),
        ]);
        let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "timeouts": {"script": patience, "pageLoad": patience},
            "goog:chromeOptions": {"binary": browser, "args": arguments},
        }}});
        let answer = this.call("POST", "/session", Some(&wanted)).expect("a browser starts");
        this.session = answer["sessionId"].as_str().expect("a session has an id").to_owned();
        Some(this)
    }

    /// Opens a file as a page.
    pub fn open(&self, page: &Path) {
        self.ask("/url", &json!({"url": format!("file://{}", page.display())}));
    }

    /// Writes a text into an input, as if typed; into one for files, the path of the file.
    pub fn type_into(&self, css: &str, text: &str) {
        let found = self.ask("/element", &json!({"using": "css selector", "value": css}));
        let id = found[ELEMENT].as_str().expect("the element is there");
        self.ask(&format!("/element/{id}/value"), &json!({"text": text}));
    }

    /// What a function body returns in the page.
    pub fn run(&self, script: &str) -> Value {
        self.ask("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a function body in the page calls its argument, and gives what with.
    pub fn wait(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0];\n{script}");
        self.ask("/execute/async", &json!({"script": script, "args": []}))
    }

    fn ask(&self, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.call("POST", &path, Some(body)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
            self.port
        );
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .map_err(|e| e.to_string())?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        for line in answer.by_ref().lines() {
            let line = line.map_err(|e| e.to_string())?.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| "no content length".to_owned())?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).map_err(|e| e.to_string())?;
        let answer: Value = serde_json::from_slice(&body).map_err(|e| e.to_string())?;
        match answer["value"]["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", answer["value"]["message"])),
            None => Ok(answer["value"].clone()),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser when its session ends; killed first, it would leave it running.
        if !self.session.is_empty() {
            let _ = self.call("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where a program lies, if it is installed.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
