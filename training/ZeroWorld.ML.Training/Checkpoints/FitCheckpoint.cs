using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Training;

/// <summary>The state of one fit in a file, so that a fit that was killed goes on where it was.</summary>
/// <remarks>The file is replaced whole or not at all. A file of another fit, or a damaged one, is as good as none. One caller at a time.</remarks>
public sealed class FitCheckpoint
{
    private static readonly byte[] Magic = "ZWCKPT01"u8.ToArray();

    private readonly string _path;
    private readonly string _fit;
    private readonly byte[] _key;

    /// <param name="path">The file; its folder is made when it is not there.</param>
    /// <param name="key">What the fit is of: data, hyper-parameters, seed. State of another key is not taken.</param>
    public FitCheckpoint(string path, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(key);
        (_path, _fit, _key) = (path, key, SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }

    /// <summary>Called after each write; tests stop a fit at a known place with it.</summary>
    internal Action? Written { get; set; }

    /// <returns>The state as it was written last; <see langword="null"/> for none that can be used.</returns>
    public byte[]? TryRead()
    {
        try
        {
            if (!File.Exists(_path))
            {
                return null;
            }

            var bytes = File.ReadAllBytes(_path);
            var head = Magic.Length + _key.Length;
            var start = head + SHA256.HashSizeInBytes;
            return bytes.Length >= start
                && bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic)
                && bytes.AsSpan(Magic.Length, _key.Length).SequenceEqual(_key)
                && SHA256.HashData(bytes.AsSpan(start)).AsSpan().SequenceEqual(bytes.AsSpan(head, SHA256.HashSizeInBytes))
                ? bytes[start..]
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed("read", exception);
        }
    }

    /// <summary>Replaces the state; it is on the disk when this returns.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.CheckpointFailed"/>: the disk is full, or the file may not be written. The state before is still there.</exception>
    public void Write(ReadOnlySpan<byte> state)
    {
        var incoming = _path + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
            using (var file = new FileStream(incoming, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(Magic);
                file.Write(_key);
                file.Write(SHA256.HashData(state));
                file.Write(state);
                file.Flush(flushToDisk: true);
            }

            File.Move(incoming, _path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(incoming);
            throw Failed("written", exception);
        }

        Written?.Invoke();
    }

    /// <summary>The checkpoint of one part of a fit that has several.</summary>
    /// <param name="name">Letters and digits.</param>
    public FitCheckpoint Part(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new FitCheckpoint($"{_path}.{name}", $"{_fit}\n{name}");
    }

    // What cannot be deleted now goes with its folder.
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody reads it: it is of a fit that ended, or half written under a name of its own.
        }
    }

    private TrainingException Failed(string what, Exception exception) => new(
        TrainingError.CheckpointFailed,
        $"The checkpoint '{_path}' cannot be {what}: {exception.Message} The training stops here; the checkpoint before is kept, and --resume goes on from it when there is room.",
        exception);
}
