//! The titles of codes: the same for every refusal of a kind, without a full stop.

use crate::domain::{Code, language::Language};

macro_rules! titles {
    ($($code:ident, $english:literal, $korean:literal;)*) => {
        /// What a code means.
        pub fn title(language: Language, code: Code) -> &'static str {
            match (language, code) {
                $(
                    (Language::English, Code::$code) => $english,
                    (Language::Korean, Code::$code) => $korean,
                )*
            }
        }
    };
}

titles! {
    MalformedRequest,     "The request cannot be read",
                          "요청을 읽을 수 없습니다";
    InvalidField,         "A field has an impossible value",
                          "올바르지 않은 값이 있습니다";
    UnknownField,         "A field is not known here",
                          "알 수 없는 항목이 있습니다";
    Unauthenticated,      "Sign in first",
                          "먼저 로그인해 주십시오";
    WrongCredentials,     "These credentials do not sign anyone in",
                          "로그인 정보가 맞지 않습니다";
    Forbidden,            "Your role may not do this",
                          "이 작업을 할 권한이 없습니다";
    NotFound,             "There is nothing here",
                          "요청하신 내용을 찾을 수 없습니다";
    MethodNotAllowed,     "This resource does not have that method",
                          "이 주소에서 쓸 수 없는 요청입니다";
    BodyTooLarge,         "The body is larger than allowed",
                          "보내신 내용이 허용된 크기보다 큽니다";
    UnsupportedMediaType, "The body is of a type not read here",
                          "여기에서 읽지 않는 형식입니다";
    TooManyRequests,      "This was done too often: try again later",
                          "요청 횟수가 너무 많습니다. 나중에 다시 시도해 주십시오";
    NotEligible,          "You cannot book this dose now",
                          "지금은 이 접종을 예약하실 수 없습니다";
    WindowNotOpen,        "Booking has not opened yet",
                          "아직 예약이 시작되지 않았습니다";
    WindowClosed,         "Booking has closed",
                          "예약이 마감되었습니다";
    CampaignPaused,       "Booking is paused",
                          "예약을 잠시 멈추었습니다";
    SeatTaken,            "No seat is left in this slot",
                          "이 시간은 예약이 모두 찼습니다";
    DosesExhausted,       "No dose is left at this clinic on this day",
                          "이 접종기관에는 그날 남은 백신이 없습니다";
    SlotClosed,           "This slot does not take bookings",
                          "이 시간에는 예약을 받지 않습니다";
    AlreadyBooked,        "This dose is already booked or given",
                          "이미 예약했거나 받으신 접종입니다";
    BookingIdReused,      "This booking id was used for another request",
                          "이미 다른 요청에 쓰인 예약 ID입니다";
    BookingEnded,         "This booking can no longer be cancelled",
                          "더 이상 취소할 수 없는 예약입니다";
    LaterDoseBooked,      "A later dose depends on this one",
                          "다음 차수 예약이 이 접종을 전제로 합니다";
    StepRefused,          "This step is not possible now",
                          "지금은 할 수 없는 단계입니다";
    AnswersNeeded,        "Questions must be answered first",
                          "먼저 확인하셔야 할 사항이 있습니다";
    StepIdReused,         "This step id was used for another step",
                          "이미 다른 단계에 쓰인 ID입니다";
    AlreadyExists,        "This already exists",
                          "이미 등록되어 있습니다";
    WrongState,           "As things stand, this cannot be done",
                          "지금 상태에서는 할 수 없는 작업입니다";
    QuotaNotPublished,    "A campaign cannot open without a published quota",
                          "백신 총량을 공개해야 예약을 시작할 수 있습니다";
    NotReady,             "The campaign is not ready",
                          "접종 사업의 준비가 끝나지 않았습니다";
    LastAdministrator,    "Somebody must be left who can administer",
                          "관리자가 한 명은 남아 있어야 합니다";
    NotEnoughDoses,       "There are not enough doses to move",
                          "옮길 백신이 부족합니다";
    PromisedDoses,        "Doses that are promised cannot be taken back",
                          "이미 예약된 백신은 회수할 수 없습니다";
    NotWholeVials,        "Doses above the clinic move in whole vials",
                          "백신은 병(바이알) 단위로만 옮길 수 있습니다";
    NotBookable,          "Doses that nobody can book as things stand",
                          "지금대로라면 예약할 수 없는 백신입니다";
    RowsRejected,         "The file has rows that cannot be loaded",
                          "파일에 반영할 수 없는 행이 있습니다";
    MalformedFile,        "The file cannot be read",
                          "파일을 읽을 수 없습니다";
    MalformedRow,         "The row cannot be read",
                          "행을 읽을 수 없습니다";
    UnknownColumn,        "A file of this kind has no such column",
                          "이 종류의 파일에 없는 열입니다";
    MissingColumn,        "A column is missing",
                          "빠진 열이 있습니다";
    DuplicateRow,         "The row stands in the file twice",
                          "같은 행이 파일에 두 번 있습니다";
    ChangedMeanwhile,     "This was changed meanwhile",
                          "그 사이에 내용이 바뀌었습니다";
    PreconditionRequired, "Say which version is to be changed",
                          "어떤 상태를 바꾸는지 밝혀 주십시오";
    PersonMerged,         "The person was merged into another",
                          "다른 분의 등록 정보와 합쳐진 분입니다";
    BookedTwice,          "Both have the same dose",
                          "두 분에게 같은 차수의 예약이나 접종이 있습니다";
    PossibleDuplicate,    "This may be a person who is in the register already",
                          "이미 등록되어 있는 분일 수 있습니다";
    AlreadyLoaded,        "The same rows were loaded before",
                          "같은 행이 이미 반영되었습니다";
    DryRunDiffers,        "This is not what the dry run said",
                          "시험 실행 때와 다릅니다";
    ConfirmationNeeded,   "The file does far more than usual: confirm that it is meant",
                          "평소보다 훨씬 많은 내용이 바뀝니다. 맞는지 확인해 주십시오";
    Overloaded,           "Too many requests at once: try again soon",
                          "지금 요청이 많습니다. 잠시 후 다시 시도해 주십시오";
    Unavailable,          "The service cannot answer now: try again soon",
                          "지금은 답을 드릴 수 없습니다. 잠시 후 다시 시도해 주십시오";
    Internal,             "Something went wrong on our side",
                          "서비스 내부에 문제가 생겼습니다";
}
