"""The provider as a template and a zip, for those who deploy it without Python and without the CDK.

``python -m provider_template``, a part of ``make package``, writes to ``build/template``:

* ``provider.yaml``: the template, with a parameter for what ``PhoneNumberProvider`` takes as an argument;
* ``connect-phone-number-provider-….zip``: the function's code, which the template expects in a bucket;
* ``serverless-application.yaml``: the same template for the Serverless Application Repository, with its metadata.

The template is not written by hand. ``options.py`` says with which arguments the construct is synthesized, and
``merging.py`` makes one template with conditions of the results.
"""
