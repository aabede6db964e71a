using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Files that came with calls for a load, each model in a folder of its own, since engines read files. They are gone with the process, or at its next start.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OverrideFiles
{
    private const string Setting = $"{ModelFolderOptions.Section}:{nameof(ModelFolderOptions.OverrideMebibytesMax)}";
    private readonly string? _folder;
    private readonly long _bytesMax;
    private long _bytes;

    /// <param name="folder">Full path. <see langword="null"/>: no files are taken.</param>
    /// <param name="mebibytesMax">All of them together; 0: no files are taken.</param>
    public OverrideFiles(string? folder, int mebibytesMax)
    {
        _folder = mebibytesMax == 0 ? null : folder;
        _bytesMax = (long)mebibytesMax << 20;
    }

    /// <summary>Deletes what a process before left.</summary>
    /// <exception cref="IOException">It cannot be deleted; also <see cref="UnauthorizedAccessException"/>.</exception>
    public void Clear()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Writes the files of a model.</summary>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.InvalidInput"/>: a path is none inside the model's folder, or leads through another file; <see cref="ServingError.Unsupported"/>: none are taken;
    /// <see cref="ServingError.Overloaded"/>: they are too many bytes beside those of other models, or the disk has no room.
    /// </exception>
    public OverrideFolder Write(ModelName model, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        Check(model, files);
        var bytes = files.Values.Sum(static content => (long)content.Length);
        if (Interlocked.Add(ref _bytes, bytes) is var all && all > _bytesMax)
        {
            Interlocked.Add(ref _bytes, -bytes);
            throw Refuse(ServingError.Overloaded, model, string.Create(
                CultureInfo.InvariantCulture,
                $"its files have {bytes:N0} bytes, and those of other models that came with calls {all - bytes:N0}; together they may have {_bytesMax:N0} ({Setting})"));
        }

        var folder = new OverrideFolder(Path.Combine(_folder!, Guid.NewGuid().ToString("N")), () => Interlocked.Add(ref _bytes, -bytes));
        try
        {
            foreach (var (path, content) in files)
            {
                var target = Path.Combine(folder.Root, model.Name, path.Replace('/', Path.DirectorySeparatorChar));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                using var file = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write, preallocationSize: content.Length);
                RandomAccess.Write(file, content.Span, 0);
            }

            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            folder.Delete();
            throw new ServingException(ServingError.Overloaded, $"failed to load '{model.Name}': its files cannot be written: {exception.Message}", exception);
        }
    }

    private void Check(ModelName model, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        if (_folder is null)
        {
            throw Refuse(ServingError.Unsupported, model, $"files are not taken with a load here ({Setting} is 0): put them into the model folder, or register a version");
        }

        if (files.Count > ModelOverride.FilesMax)
        {
            throw Refuse(ServingError.InvalidInput, model, $"it comes with {files.Count} files; expected {ModelOverride.FilesMax} at most");
        }

        foreach (var path in files.Keys)
        {
            if (!PackagePath.IsValid(path))
            {
                throw Refuse(ServingError.InvalidInput, model, $"'{path}' is no path of a file in its folder; expected one such as '1/model.onnx': names of letters, digits, '.', '_' and '-' with '/' between them");
            }

            for (var end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
            {
                if (files.ContainsKey(path[..end]))
                {
                    throw Refuse(ServingError.InvalidInput, model, $"'{path[..end]}' is a file and the folder of '{path}'");
                }
            }
        }
    }

    private static ServingException Refuse(ServingError error, ModelName model, string reason) => new(error, $"failed to load '{model.Name}': {reason}.");
}

/// <summary>The files of one model that came with a call: <c>ROOT/NAME/VERSION/...</c>.</summary>
/// <param name="root">Full path.</param>
/// <param name="deleted">Called once, behind the first <see cref="Delete"/>.</param>
internal sealed class OverrideFolder(string root, Action deleted)
{
    private int _isDeleted;

    public string Root => root;

    /// <summary>What is loaded of it stays so: an engine holds what it reads from.</summary>
    public void Delete()
    {
        if (Interlocked.Exchange(ref _isDeleted, 1) == 0)
        {
            try
            {
                if (Directory.Exists(root))
                {
                    Directory.Delete(root, recursive: true);
                }
            }
            finally
            {
                deleted();
            }
        }
    }
}
