namespace ZeroWorld.ML.Testing;

/// <summary>A folder of its own under the system's temporary folder, deleted with all it holds when disposed.</summary>
/// <remarks>It is made when its path is asked for: a test that is skipped while it is set up leaves nothing behind.</remarks>
public sealed class TempFolder : IDisposable
{
    private readonly Lazy<string> _path = new(static () => Directory.CreateTempSubdirectory("zeroworld-test-").FullName);

    /// <summary>Absolute path; the folder exists.</summary>
    public string Path => _path.Value;

    /// <summary>A path inside the folder; nothing is created.</summary>
    public string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose()
    {
        if (_path.IsValueCreated && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
