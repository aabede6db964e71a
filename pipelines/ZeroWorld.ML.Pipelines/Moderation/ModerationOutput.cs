using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>The files of a file job. A batch is in force when its line in progress.jsonl is whole and on the disk; the rest is cut off when the folder is opened again.</summary>
internal sealed class ModerationOutput : IDisposable
{
    private const string ProgressFile = "progress.jsonl";

    private readonly FileStream[] _files;
    private readonly FileStream _progress;
    private readonly MemoryStream[] _pending;
    private readonly HashSet<UInt128> _ids;

    private ModerationOutput(FileStream[] files, FileStream progressFile, ModerationFileProgress progress, HashSet<UInt128> ids)
    {
        (_files, _progress, Progress, _ids) = (files, progressFile, progress, ids);
        _pending = [.. files.Select(static _ => new MemoryStream())];
    }

    public ModerationFileProgress Progress { get; private set; }

    public static ModerationOutput Open(string folder, IReadOnlyList<string> names)
    {
        var progressFile = new FileStream(Path.Combine(folder, ProgressFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var progress = LastProgress(progressFile, names.Count);
        FileStream[] files = [.. names.Select(name => new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read))];
        for (var file = 0; file < files.Length; file++)
        {
            files[file].SetLength(Math.Min(files[file].Length, progress.OutputBytes[file]));
            files[file].Seek(0, SeekOrigin.End);
        }

        return new ModerationOutput(files, progressFile, progress, DecidedIds(files[0]));
    }

    /// <summary>Whether no item of this id was decided; remembers it.</summary>
    public bool IsNew(string id) => _ids.Add(Key(id));

    /// <summary>Bytes of the batch that is not in force yet.</summary>
    public long PendingBytes => _pending.Sum(static stream => stream.Length);

    public void Write<T>(int file, T value)
    {
        JsonSerializer.Serialize(_pending[file], value, ModerationJson.Options);
        _pending[file].WriteByte((byte)'\n');
    }

    /// <summary>Writes a line of JSON that is ready.</summary>
    public void WriteLine(int file, ReadOnlySpan<byte> json)
    {
        _pending[file].Write(json);
        _pending[file].WriteByte((byte)'\n');
    }

    /// <summary>Writes the batch to the disk, and then that it is in force.</summary>
    public void Commit(ModerationFileProgress progress)
    {
        for (var file = 0; file < _files.Length; file++)
        {
            if (_pending[file].Length > 0)
            {
                _files[file].Write(_pending[file].GetBuffer(), 0, (int)_pending[file].Length);
                _files[file].Flush(flushToDisk: true);
                _pending[file].SetLength(0);
            }
        }

        Progress = progress with { OutputBytes = [.. _files.Select(static file => file.Length)] };
        _progress.Write([.. JsonSerializer.SerializeToUtf8Bytes(Progress, ModerationJson.Options), (byte)'\n']);
        _progress.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }

        _progress.Dispose();
    }

    private static UInt128 Key(string id) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    // The last whole line counts; a torn one behind it goes.
    private static ModerationFileProgress LastProgress(FileStream file, int files)
    {
        var (progress, whole) = (new ModerationFileProgress(0, 0, 0, 0, 0, 0, 0) { OutputBytes = new long[files] }, 0L);
        var lines = new JsonLineReader(file);
        while (lines.TryRead(out var line))
        {
            var isWhole = lines.Position <= file.Length && line.Length > 0 && EndsWithLine(file, lines.Position);
            if (!isWhole || JsonSerializer.Deserialize<ModerationFileProgress>(line.Span, ModerationJson.Options) is not { } found)
            {
                break;
            }

            (progress, whole) = (found, lines.Position);
        }

        file.SetLength(whole);
        file.Seek(0, SeekOrigin.End);
        return progress;
    }

    private static bool EndsWithLine(FileStream file, long position)
    {
        Span<byte> last = stackalloc byte[1];
        return RandomAccess.Read(file.SafeFileHandle, last, position - 1) == 1 && last[0] == (byte)'\n';
    }

    private static HashSet<UInt128> DecidedIds(FileStream decisions)
    {
        var ids = new HashSet<UInt128>();
        decisions.Seek(0, SeekOrigin.Begin);
        var lines = new JsonLineReader(decisions);
        while (lines.TryRead(out var line))
        {
            using var document = JsonDocument.Parse(line);
            ids.Add(Key(document.RootElement.GetProperty("id").GetString() ?? ""));
        }

        decisions.Seek(0, SeekOrigin.End);
        return ids;
    }
}
