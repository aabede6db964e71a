using Grpc.Core;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Recommenders of the served packages: read when they are first asked, the few that were asked last are kept.</summary>
/// <remarks>Thread safe. A package is known by its digest, so that a recommender never outlives what it was made of.</remarks>
internal sealed class Recommenders(TimeProvider time)
{
    /// <summary>As many versions as an A/B test and its predecessors need; each takes the memory of its factors and histories.</summary>
    private const int KeptMax = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <exception cref="ProtocolFailure">FAILED_PRECONDITION: the package holds no recommender.</exception>
    /// <exception cref="Training.TrainingException">The file is damaged.</exception>
    public async ValueTask<RecommendationEngine> GetAsync(Servable servable, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(servable.Digest, out entry!))
            {
                if (!servable.Manifest.Files.ContainsKey(RecommenderBundle.FileName))
                {
                    throw new ProtocolFailure(
                        StatusCode.FailedPrecondition, $"Model '{servable.Model.Name}' version {servable.Version} is no recommender: its package has no {RecommenderBundle.FileName}.");
                }

                while (_entries.Count >= KeptMax)
                {
                    _entries.Remove(_entries.MinBy(static pair => pair.Value.LastUsed).Key);
                }

                // Reading blocks for as long as the disk takes: not on a thread that others wait for.
                var path = Path.Combine(servable.Package.Directory, RecommenderBundle.FileName);
                entry = new Entry(Task.Run(() => new RecommendationEngine(RecommenderBundle.Read(path)), CancellationToken.None));
                _entries.Add(servable.Digest, entry);
            }

            entry.LastUsed = time.GetTimestamp();
        }

        try
        {
            return await entry.Engine.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (entry.Engine.IsFaulted)
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

    private sealed class Entry(Task<RecommendationEngine> engine)
    {
        public Task<RecommendationEngine> Engine => engine;

        public long LastUsed { get; set; }
    }
}
