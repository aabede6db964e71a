namespace ZeroWorld.ML.Hosting;

/// <summary>The addresses of the running server, for what was composed before they were known.</summary>
internal sealed class ServerAddressBook
{
    private volatile ServerAddresses? _current;

    /// <summary>Known once the server listens.</summary>
    public ServerAddresses Current
    {
        get => _current ?? throw new InvalidOperationException("The server does not listen yet.");
        set => _current = value;
    }
}
