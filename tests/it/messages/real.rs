//! Servers that others have made: Kannel, an SMS gateway, and aiosmtpd, a mail server. A person of
//! an imported register signs in, books, and has the confirmation with the calendar file.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use dosebook::domain::{BookingId, booking_number::BookingNumber, keys::Keys};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    import::post,
    support::{
        Client, Made, TestApp, World,
        app::SECRET,
        database::TestDatabase,
        gateway::{Gateway, Got},
        process::Service,
    },
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server in a process of its own; killed when dropped.
struct Server(Child);

impl Server {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn await_port(port: u16) {
    let began = std::time::Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(began.elapsed() < PATIENCE, "nobody listens on {port}");
        std::thread::yield_now();
    }
}

/// Kannel, in front of a carrier that the test sees.
pub struct Kannel {
    pub carrier: Gateway,
    port: u16,
    _boxes: [Server; 2],
}

impl Kannel {
    pub async fn start(folder: &Path) -> Self {
        let carrier = Gateway::answering(|_, _| Some(202)).await;
        let [admin, smsbox, incoming, port] = std::array::from_fn(|_| free_port());
        let settings = format!(
            "group = core\nadmin-port = {admin}\nadmin-password = x\nsmsbox-port = {smsbox}\n\
             box-allow-ip = \"127.0.0.1\"\n\n\
             group = smsc\nsmsc = http\nsystem-type = kannel\nsmsc-id = carrier\n\
             port = {incoming}\nsend-url = \"http://{}/carrier\"\nsmsc-username = a\n\
             smsc-password = b\n\n\
             group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {port}\n\
             global-sender = 1339\n\n\
             group = sendsms-user\nusername = dosebook\npassword = sesame\nmax-messages = 5\n",
            carrier.address,
        );
        let file = folder.join("kannel.conf");
        fs::write(&file, settings).unwrap();
        let start = |name: &str| {
            let program = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"]
                .map(|folder| PathBuf::from(folder).join(name))
                .into_iter()
                .find(|path| path.exists())
                .unwrap_or_else(|| panic!("{name} is missing: scripts/need kannel"));
            let log = fs::File::create(folder.join(name)).unwrap();
            let mut command = Command::new(program);
            command.args(["-v", "1"]).arg(&file).current_dir(folder);
            Server::start(command.stdout(Stdio::null()).stderr(log))
        };
        let bearerbox = start("bearerbox");
        await_port(smsbox);
        let boxes = [bearerbox, start("smsbox")];
        await_port(port);
        Self { carrier, port, _boxes: boxes }
    }

    pub fn settings(&self) -> String {
        format!(
            "[[sms]]\nname = \"kannel\"\n[sms.http]\nmethod = \"GET\"\n\
             url = \"http://127.0.0.1:{}/cgi-bin/sendsms?username=dosebook&password={{secret.key}}\
             &to={{to}}&charset=UTF-8&coding=2&text={{text}}\"\n\
             secrets = {{ key = {{ env = \"TEST_KANNEL_KEY\" }} }}\n\
             answers = [{{ status = 202, means = \"accepted\" }},\n\
             {{ status = 403, means = \"try_again\" }}]\n",
            self.port
        )
    }

    pub async fn until_texts(&self, phone: &str, count: usize) -> Vec<String> {
        self.carrier.until(|got| texts(got, phone).len() >= count).await;
        self.carrier.look(|got| texts(got, phone))
    }
}

/// The texts that the carrier has for a phone, in order.
fn texts(got: &[Got], phone: &str) -> Vec<String> {
    let of_phone = got.iter().filter_map(|got| {
        let fields = form_urlencoded_bytes(got.path.split_once('?')?.1);
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, v)| v);
        (field("to")?.as_slice() == phone.as_bytes()).then(|| utf16(field("text").unwrap()))
    });
    of_phone.collect()
}

/// Fields of a query whose values are bytes of another encoding.
fn form_urlencoded_bytes(query: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = |value: &str| {
        let (mut bytes, mut rest) = (Vec::new(), value.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            });
        }
        bytes
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), bytes(value))).collect()
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<_> = bytes.chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
    String::from_utf16(&units).expect("UTF-16")
}

/// aiosmtpd with a certificate of its own authority.
pub struct MailServer {
    folder: PathBuf,
    port: u16,
    mails: Receiver<Value>,
    _server: Server,
}

impl MailServer {
    pub fn start(folder: &Path) -> Self {
        let sh = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
                      -subj '/CN=test' -keyout ca.key -out ca.pem \
                      -addext basicConstraints=critical,CA:TRUE
                  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                      -subj '/CN=localhost' -keyout server.key -out server.csr
                  printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' >server.ext
                  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
                      -days 2 -extfile server.ext -out server.pem";
        let made = Command::new("sh").args(["-ec", sh]).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/messages/smtpd.py");
        let mut command = Command::new(python());
        command.args([script, "server.pem", "server.key", "book", "sesame"]);
        let log = fs::File::create(folder.join("smtpd.log")).unwrap();
        let command = command.current_dir(folder).stdout(Stdio::piped()).stderr(log);
        let mut server = Server::start(command);
        let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
        let port = lines.next().expect("a port").unwrap().parse().expect("a port");
        let (mail, mails) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = mail.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Self { folder: folder.to_owned(), port, mails, _server: server }
    }

    pub fn settings(&self) -> String {
        format!(
            "[[mail]]\nname = \"aiosmtpd\"\ntimeout_seconds = 2\n[mail.smtp]\n\
             host = \"localhost\"\nport = {}\nuser = \"book\"\n\
             password = {{ env = \"TEST_KANNEL_KEY\" }}\n\
             from = \"예방접종 예약 <book@example.kr>\"\nca_file = {:?}\n",
            self.port,
            self.folder.join("ca.pem"),
        )
    }

    pub fn next(&self) -> Value {
        self.mails.recv_timeout(PATIENCE).expect("a mail")
    }
}

/// A Python that has aiosmtpd: where it came with the system, its own.
fn python() -> &'static str {
    let has = |python: &&str| {
        let tried = Command::new(python).args(["-c", "import aiosmtpd"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    ["/usr/bin/python3", "python3"].into_iter().find(has).expect("scripts/need aiosmtpd")
}

pub fn settings(folder: &Path, parts: &[String]) -> PathBuf {
    let file = folder.join("messages.toml");
    fs::write(&file, format!("quiet_hours = \"none\"\n{}", parts.concat())).unwrap();
    file
}

fn service(database: &TestDatabase, folder: &Path, messages: &Path) -> Service {
    Service::sending(database, folder, messages, &[("TEST_KANNEL_KEY", "sesame")])
}

fn public(service: &Service) -> Client {
    Client::new(&service.url, None, reqwest::Client::new())
}

/// A campaign, and a register that an administrator has loaded.
async fn world(register: &str) -> (TestApp, Made) {
    let app = TestApp::with().local(false).start().await;
    let made = World::new().make(&app.db).await;
    post(&app.admin().await, "register", register.to_owned()).await.ok(200);
    (app, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_register_signs_in_books_and_has_the_confirmation() {
    let folder = tempfile::tempdir().unwrap();
    let (kannel, mail) = (Kannel::start(folder.path()).await, MailServer::start(folder.path()));
    let (app, made) = world(
        "name,birth_date,phone,region_code,email,language\n\
         김민지,1962-03-01,010-1234-5678,P1D1,minji@example.org,ko\n",
    )
    .await;
    let messages = settings(folder.path(), &[kannel.settings(), mail.settings()]);
    let service = service(&app.database, folder.path(), &messages);
    let claim = json!({ "name": "김민지", "birth_date": "1962-03-01", "phone": "01012345678" });
    let challenge = public(&service).post("/v1/auth/codes", &claim).await.ok(202);

    let texts = kannel.until_texts("01012345678", 1).await;
    let (_, code) = texts[0].rsplit_once("\n@book.example.kr #").expect("the last line");
    assert!(texts[0].starts_with("[질병관리청] 인증번호"), "{}", texts[0]);
    let answer = json!({ "challenge_id": challenge["challenge_id"], "code": code });
    let session = public(&service).post("/v1/auth/sessions", &answer).await.ok(201);
    let token = session["token"].as_str().expect("a token").to_owned();
    let citizen = Client::new(&service.url, Some(token), reqwest::Client::new());
    let id = Uuid::now_v7();
    citizen.put_booking(id, &made.booking(made.slot(0, 3, 0))).await.ok(201);

    let number = BookingNumber::of(&Keys::new(&SECRET).booking_number, BookingId(id)).to_string();
    let texts = kannel.until_texts("01012345678", 2).await;
    assert!(texts[1].contains(&number) && texts[1].contains("예약"), "{}", texts[1]);
    let confirmation = mail.next();
    assert_eq!(confirmation["to"], json!(["minji@example.org"]));
    assert_eq!(confirmation["is_encrypted"], true);
    assert_eq!(confirmation["is_authenticated"], true);
    let headers = &confirmation["headers"];
    assert!(headers["subject"].as_str().unwrap().starts_with("예약되었습니다"), "{headers}");
    assert!(headers["message-id"].as_str().unwrap().ends_with("@example.kr>"), "{headers}");
    assert_eq!(headers["from"], "예방접종 예약 <book@example.kr>");
    let [text, file] = confirmation["parts"].as_array().unwrap().as_slice() else {
        panic!("a text and a file: {confirmation}");
    };
    assert!(text["content"].as_str().unwrap().contains(&number), "{text}");
    assert_eq!(
        (&file["type"], &file["name"]),
        (&json!("text/calendar"), &json!("appointment.ics"))
    );
    assert_eq!(file["parameters"]["method"], "PUBLISH");
    let calendar = file["content"].as_str().unwrap().replace("\r\n", "\n");
    assert!(calendar.contains(&format!("\nUID:{id}\n")), "{calendar}");

    citizen.delete_booking(id).await.ok(200);
    let cancelled = mail.next();
    let file = &cancelled["parts"][1];
    assert_eq!(file["parameters"]["method"], "CANCEL");
    let calendar = file["content"].as_str().unwrap().replace("\r\n", "\n");
    assert!(calendar.contains(&format!("\nUID:{id}\n")), "{calendar}");
    assert_ne!(cancelled["headers"]["message-id"], headers["message-id"]);
    drop(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_puts_off_refuses_or_hangs_holds_nobody_else_up() {
    let folder = tempfile::tempdir().unwrap();
    let mail = MailServer::start(folder.path());
    let gateway = Gateway::start().await;
    let (app, made) = world(
        "name,birth_date,phone,region_code,email,language\n\
         A,1962-03-01,010-1234-0001,P1D1,busy@example.org,en\n\
         B,1962-03-01,010-1234-0002,P1D1,nobody@example.org,en\n\
         C,1962-03-01,010-1234-0003,P1D1,slow@example.org,en\n\
         D,1962-03-01,010-1234-0004,P1D1,well@example.org,en\n",
    )
    .await;
    let messages = settings(folder.path(), &[gateway.provider("gateway"), mail.settings()]);
    let service = service(&app.database, folder.path(), &messages);
    let people: Vec<i64> =
        sqlx::query_scalar("select person_id from person where email is not null order by phone")
            .fetch_all(&app.db)
            .await
            .unwrap();
    for person in people {
        let token = app.citizen(dosebook::domain::PersonId(person));
        let body = made.booking(made.slot(0, 3, 0));
        token.at(&service.url).put_booking(Uuid::now_v7(), &body).await.ok(201);
    }
    let mut to: Vec<_> = [mail.next(), mail.next()]
        .iter()
        .map(|mail| mail["to"][0].as_str().unwrap().to_owned())
        .collect();
    to.sort_unstable();
    assert_eq!(to, ["busy@example.org", "well@example.org"], "busy the second time");
    // The one that was refused is gone; the one that hangs is still tried.
    let waiting = async {
        let sql =
            "select array_agg(email) from outbox join person using (person_id) where queue = 3";
        let one = Some(vec!["slow@example.org".to_owned()]);
        while sqlx::query_scalar::<_, Option<Vec<String>>>(sql).fetch_one(&app.db).await.unwrap()
            != one
        {}
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("only the one that hangs is left");
    drop(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_of_another_authority_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mail = MailServer::start(folder.path());
    let (app, made) = world(
        "name,birth_date,phone,region_code,email,language\n\
         A,1962-03-01,010-1234-0001,P1D1,well@example.org,en\n",
    )
    .await;
    let ours = mail.settings();
    let foreign: String = ours
        .lines()
        .filter(|line| !line.starts_with("ca_file"))
        .map(|l| l.to_owned() + "\n")
        .collect();
    let book = async |service: &Service, day: usize| {
        let person: i64 = sqlx::query_scalar("select max(person_id) from person")
            .fetch_one(&app.db)
            .await
            .unwrap();
        let citizen = app.citizen(dosebook::domain::PersonId(person)).at(&service.url);
        let body = made.booking(made.slot(0, day, 0));
        citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
    };
    let messages = settings(folder.path(), &[foreign]);
    let stranger = service(&app.database, folder.path(), &messages);
    book(&stranger, 3).await;
    let looking = async {
        let down = "dosebook_provider_up{provider=\"aiosmtpd\",channel=\"mail\"} 0";
        while !public(&stranger).get("/metrics").await.text().contains(down) {}
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("it is seen to be down");
    assert!(mail.mails.try_recv().is_err());
    drop(stranger);
    let messages = settings(folder.path(), &[ours]);
    let trusted = service(&app.database, folder.path(), &messages);
    sqlx::query("update outbox set due_at = now(), claimed_until = null")
        .execute(&app.db)
        .await
        .unwrap();
    assert_eq!(mail.next()["to"], json!(["well@example.org"]), "the control");
    drop(trusted);
}
