using System.Diagnostics;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Answers requests of an ensemble: each step as soon as its inputs are there, through the batches of its model, with the tensors handed on in memory.</summary>
/// <remarks>Thread safe. Holds nothing between requests: a step is the version of its model that answers then.</remarks>
internal sealed class EnsembleRunner : IRequestRunner
{
    private readonly ModelName _model;
    private readonly ModelSignature _signature;
    private readonly Step[] _steps;
    private readonly int[] _outputs;

    // By output: the step that gives it, and the name that it has there.
    private readonly (Step Step, string Name)?[] _givers;
    private readonly int _tensors;
    private readonly Func<ServableManager> _servables;

    private static readonly Task<BatchOutputs> NotRun = Task.FromResult(default(BatchOutputs));

    /// <param name="model">The ensemble.</param>
    /// <param name="settings">Steps in an order in which each finds its inputs.</param>
    /// <param name="signature">What its configuration declares.</param>
    /// <param name="rowsMax">Rows of the largest request.</param>
    /// <param name="servables">Where the models of the steps are; asked with each request.</param>
    /// <param name="statistics">Of the ensemble.</param>
    public EnsembleRunner(ModelName model, ModelSettings settings, ModelSignature signature, int rowsMax, Func<ServableManager> servables, ServableStatistics statistics)
    {
        (_model, _signature, _servables, RowsMax, Statistics) = (model, signature, servables, rowsMax, statistics);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        int PlaceOf(string tensor) => places.TryGetValue(tensor, out var place) ? place : places[tensor] = places.Count;
        foreach (var input in settings.Inputs)
        {
            PlaceOf(input.Name);
        }

        // Which step gives a tensor; the request gives the others.
        var givers = new Dictionary<int, int>();
        var steps = new List<Step>();
        foreach (var step in settings.Steps)
        {
            var inputs = step.Inputs.ToDictionary(static pair => pair.Key, pair => PlaceOf(pair.Value), StringComparer.Ordinal);
            var outputs = step.Outputs.Select(pair => (pair.Key, PlaceOf(pair.Value))).ToArray();
            int[] before = [.. inputs.Values.Where(givers.ContainsKey).Select(place => givers[place]).Distinct()];
            Array.ForEach(outputs, output => givers[output.Item2] = steps.Count);
            steps.Add(new Step(step.Model, VersionSelector.OfStep(step), inputs, outputs, before));
        }

        _steps = [.. steps];
        _outputs = [.. settings.Outputs.Select(output => PlaceOf(output.Name))];
        _givers = [.. _outputs.Select(place => (from step in steps from given in step.Outputs where given.Place == place select ((Step, string)?)(step, given.Name)).LastOrDefault())];
        _tensors = places.Count;
    }

    public int RowsMax { get; }

    public ServableStatistics Statistics { get; }

    public TimeSpan AverageRun => TimeSpan.Zero;

    public int QueuedTasks => 0;

    public ValueTask<BatchOutputs> RunAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken) => new(RunStepsAsync(inputs, rows, urgency, cancellationToken));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>What the model says of an output that gives it; nothing where it is not in memory.</summary>
    public IReadOnlyList<string> FindLabels(int output, int depth)
    {
        if (_givers[output] is not { } giver || !_servables().TryFindReady(giver.Step.Model, giver.Step.Version, out var servable) || servable is null)
        {
            return [];
        }

        var given = InferenceInputs.IndexOf(servable.Signature.Outputs, giver.Name);
        return given < 0 ? [] : servable.FindLabels(given, depth + 1);
    }

    private async Task<BatchOutputs> RunStepsAsync(TensorBuffer[] inputs, int rows, RequestUrgency urgency, CancellationToken cancellationToken)
    {
        var needed = FindNeeded(urgency.Wanted);
        var within = urgency with { Within = EnsembleCall.Enter(urgency.Within, _model, needed.Count(static isNeeded => isNeeded)) };
        var tensors = new EnsembleTensor[_tensors];
        for (var index = 0; index < inputs.Length; index++)
        {
            tensors[index] = new EnsembleTensor(inputs[index], _signature.IsBatchable);
        }

        var answers = new Task<BatchOutputs>[_steps.Length];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = needed[index] ? RunStepAsync(_steps[index], tensors, answers, within, cancellationToken) : NotRun;
        }

        // All of them, also where one has failed: they read the request's memory.
        var runs = await Task.WhenAll(answers).ConfigureAwait(false);
        var times = default(RunTimes);
        for (var index = 0; index < runs.Length; index++)
        {
            var run = runs[index];
            times = new RunTimes(times.Queue + run.Times.Queue, times.Input + run.Times.Input, times.Infer + run.Times.Infer, times.Output + run.Times.Output);
            if (!Array.Exists(_steps[index].Outputs, output => _outputs.Contains(output.Place)))
            {
                run.Memory?.Release();
            }
        }

        Statistics.RecordRun(rows, times);
        return new BatchOutputs([.. _outputs.Select((place, output) => tensors[place].Fit(_signature.Outputs[output], _signature.IsBatchable))], rows, 0, times);
    }

    /// <summary>The steps that lead to an output that is wanted.</summary>
    private bool[] FindNeeded(int[]? wanted)
    {
        var needed = new bool[_steps.Length];
        for (var index = _steps.Length - 1; index >= 0; index--)
        {
            needed[index] |= wanted is null || Array.Exists(wanted, output => Array.Exists(_steps[index].Outputs, given => given.Place == _outputs[output]));
            if (needed[index])
            {
                Array.ForEach(_steps[index].Before, before => needed[before] = true);
            }
        }

        return needed;
    }

    private async Task<BatchOutputs> RunStepAsync(Step step, EnsembleTensor[] tensors, Task<BatchOutputs>[] answers, RequestUrgency urgency, CancellationToken cancellationToken)
    {
        foreach (var before in step.Before)
        {
            await answers[before].ConfigureAwait(false);
        }

        var started = Stopwatch.GetTimestamp();
        using var lease = await _servables().AcquireAsync(step.Model, step.Version, cancellationToken).ConfigureAwait(false);
        var servable = lease.Servable;
        try
        {
            var inputs = Choose(step, servable.Signature, tensors);
            var rows = InferenceInputs.Accept(step.Model.Name, servable.Signature, inputs, servable.RowsMax);
            int[] wanted = [.. step.Outputs.Select(output => InferenceInputs.IndexOf(servable.Signature.Outputs, output.Name))];
            if (Array.IndexOf(wanted, -1) is >= 0 and var missing)
            {
                throw Refuse($"reads the output '{step.Outputs[missing].Name}' of the step '{step.Model.Name}', which has {Names(servable.Signature.Outputs)}");
            }

            var answer = await servable.AnswerAsync(inputs, rows, urgency with { Wanted = wanted }, cancellationToken).ConfigureAwait(false);
            for (var index = 0; index < wanted.Length; index++)
            {
                tensors[step.Outputs[index].Place] = new EnsembleTensor(answer.Tensors[wanted[index]], servable.Signature.IsBatchable);
            }

            servable.Statistics.RecordSuccess(rows, started, answer.Times);
            return answer;
        }
        catch (Exception exception)
        {
            servable.Statistics.RecordFailure(started, ServableStatistics.ReasonOf(exception));
            if (exception is ServingException failure && servable.Package.Settings.Steps.Count == 0)
            {
                throw new ServingException(failure.Error, $"in ensemble '{_model.Name}', {failure.Message}", failure);
            }

            throw;
        }
    }

    private TensorBuffer[] Choose(Step step, ModelSignature signature, EnsembleTensor[] tensors)
    {
        var inputs = new TensorBuffer[signature.Inputs.Count];
        foreach (var (name, place) in step.Inputs)
        {
            var input = InferenceInputs.IndexOf(signature.Inputs, name);
            if (input < 0)
            {
                throw Refuse($"gives the input '{name}' to the step '{step.Model.Name}', which takes {Names(signature.Inputs)}");
            }

            inputs[input] = tensors[place].Fit(signature.Inputs[input], signature.IsBatchable);
        }

        for (var index = 0; index < inputs.Length; index++)
        {
            // An input of the ensemble that the request left out is one that the model gets no value of, either.
            if (inputs[index] is null && !signature.Inputs[index].IsOptional)
            {
                throw Refuse($"gives no input '{signature.Inputs[index].Name}' to the step '{step.Model.Name}'");
            }
        }

        return inputs;
    }

    private ServingException Refuse(string reason) => new(ServingError.ModelRefused, $"The ensemble '{_model.Name}' {reason}.");

    private static string Names(IReadOnlyList<TensorSpec> specs) => string.Join(", ", specs.Select(static spec => $"'{spec.Name}'"));

    /// <param name="Model">Its model.</param>
    /// <param name="Version">Which version of it.</param>
    /// <param name="Inputs">Place of the tensor per input.</param>
    /// <param name="Outputs">Outputs that are kept, and where.</param>
    /// <param name="Before">Steps whose outputs it reads.</param>
    private sealed record Step(ModelName Model, VersionSelector Version, IReadOnlyDictionary<string, int> Inputs, (string Name, int Place)[] Outputs, int[] Before);
}
