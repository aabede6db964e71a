using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reason models of the served packages: read when they are first asked, the few that were asked last are kept.</summary>
/// <remarks>Thread safe. A package is known by its digest.</remarks>
internal sealed class ReasonModels(TimeProvider time)
{
    /// <summary>As many versions as a few models with their predecessors need; each takes some megabytes.</summary>
    private const int KeptMax = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <exception cref="RegistryException">The file is damaged, or of another build's format.</exception>
    public async ValueTask<ReasonModel> GetAsync(Servable servable, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(servable.Digest, out entry!))
            {
                while (_entries.Count >= KeptMax)
                {
                    _entries.Remove(_entries.MinBy(static pair => pair.Value.LastUsed).Key);
                }

                // Reading blocks for as long as the disk takes: not on a thread that others wait for.
                var path = Path.Combine(servable.Package.Directory, ReasonModel.FileName);
                entry = new Entry(Task.Run(() => ReasonModel.Read(path), CancellationToken.None));
                _entries.Add(servable.Digest, entry);
            }

            entry.LastUsed = time.GetTimestamp();
        }

        try
        {
            return await entry.Model.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (entry.Model.IsFaulted)
        {
            // The next caller tries again.
            lock (_gate)
            {
                if (_entries.GetValueOrDefault(servable.Digest) == entry)
                {
                    _entries.Remove(servable.Digest);
                }
            }

            throw;
        }
    }

    private sealed class Entry(Task<ReasonModel> model)
    {
        public Task<ReasonModel> Model => model;

        public long LastUsed { get; set; }
    }
}
