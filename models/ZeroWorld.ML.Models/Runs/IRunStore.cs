namespace ZeroWorld.ML.Models;

/// <summary>Keeps runs. A call that returned is on the disk: nothing of it is lost when the process is killed.</summary>
/// <remarks>Thread safe; several processes may use one store. Every method throws <see cref="RegistryException"/> with <see cref="RegistryError.StoreUnavailable"/>
/// where the store cannot be used, and those that change with <see cref="RegistryError.InvalidInput"/> where a name or value is outside its bounds.</remarks>
public interface IRunStore
{
    /// <summary>Starts a run.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>: there is no such parent.</exception>
    Task<TrainingRun> StartAsync(RunStart start, CancellationToken cancellationToken);

    /// <summary>Adds parameters. The same again changes nothing.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>; <see cref="RegistryError.Conflict"/>: a parameter has another value already.</exception>
    Task AddParametersAsync(string run, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellationToken);

    /// <summary>Adds values, all or none. The same metric and step again replaces the value.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>.</exception>
    Task AddMetricsAsync(string run, IReadOnlyList<RunMetric> metrics, CancellationToken cancellationToken);

    /// <summary>Sets tags; others stay.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>.</exception>
    Task SetTagsAsync(string run, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken);

    /// <summary>Replaces the note, at most 65,536 characters.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>.</exception>
    Task SetNoteAsync(string run, string note, CancellationToken cancellationToken);

    /// <summary>Stores a file under a name; a name again replaces it.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>.</exception>
    Task<RunArtifact> AddArtifactAsync(string run, string name, string path, CancellationToken cancellationToken);

    /// <summary>Says that the run's process lives.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>.</exception>
    Task BeatAsync(string run, CancellationToken cancellationToken);

    /// <summary>Ends a run.</summary>
    /// <param name="status">Any but <see cref="RunStatus.Running"/>.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>; <see cref="RegistryError.Conflict"/>: it has ended already, otherwise.</exception>
    Task FinishAsync(string run, RunStatus status, CancellationToken cancellationToken);

    /// <summary>Takes up a run that was interrupted, or one that is running still: it runs.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>; <see cref="RegistryError.Conflict"/>: it has ended for good.</exception>
    Task ResumeAsync(string run, CancellationToken cancellationToken);

    /// <summary>The newest runs, newest first.</summary>
    /// <param name="experiment">Only of this one; <see langword="null"/> for all.</param>
    /// <param name="parent">Only the parts of this run; <see langword="null"/> for all.</param>
    /// <param name="countMax">1 to 10,000.</param>
    Task<IReadOnlyList<TrainingRun>> ListAsync(string project, string? experiment, string? parent, int countMax, CancellationToken cancellationToken);

    /// <param name="id">An id, or the beginning of one that no other run of the project has.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>: none, or more than one, begins so.</exception>
    Task<TrainingRun> GetAsync(string project, string id, CancellationToken cancellationToken);

    /// <summary>All values of a run, by metric and step.</summary>
    Task<IReadOnlyList<RunMetric>> ReadMetricsAsync(string run, CancellationToken cancellationToken);

    /// <summary>Copies an artifact to a path.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.CorruptArtifact"/>.</exception>
    Task GetArtifactAsync(string run, string name, string path, CancellationToken cancellationToken);
}
