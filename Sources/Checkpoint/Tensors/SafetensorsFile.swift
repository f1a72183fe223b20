/// A safetensors file that is not a checkpoint's.
public enum SafetensorsFile {
    /// Why the file at `path` is not whole; nil where its table is valid and covers it to its last byte. Only the header is read.
    public static func problem(_ path: String) -> CheckpointError? {
        do throws(CheckpointError) {
            _ = try SafetensorsHeader(file: path)
            return nil
        } catch {
            return error
        }
    }
}
