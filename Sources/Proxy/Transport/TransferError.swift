/// Why an exchange with a server ended before its answer was whole.
enum TransferError: Error, CustomStringConvertible {
    /// Nobody waits for it any more.
    case cancelled
    /// The head of the answer, or the next part of it, did not come in time.
    case late
    /// There is no connection; nothing was sent.
    case notConnected(any Error)
    /// The request's head cannot be written as HTTP; nothing was sent.
    case unsayable
    /// The server ended the connection.
    case closed
    /// The server said something that is no answer.
    case unexpected
    /// The proxy ends.
    case shutDown

    var description: String {
        switch self {
        case .cancelled: "the request was given up"
        case .late: "it did not answer in time"
        case .notConnected(let error): "\(error)"
        case .unsayable: "the request cannot be said in HTTP"
        case .closed: "it closed the connection"
        case .unexpected: "it sent an answer to nothing"
        case .shutDown: "the proxy ends"
        }
    }
}
